// What changed between two states of a controller's files → the message of the commit.

import { lookup } from '../lib/lookup.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { heldNews } from '../plan/hold-text.ts';
import { redactedLine } from '../lib/redact.ts';
import { createTreeReader, type TreeJob, type TreeNode, type TreeReader } from './tree-nodes.ts';

const MAX_SUBJECT = 72;

type Files = ReadonlyMap<string, string>;

/**
 * A subject of at most 72 characters, the most important first: `eth-dev: Running → Error (DiskFull); 2 nodes syncing`.
 * Both maps hold the files of one executor, or of the whole branch.
 * A caller that describes again and again gives its reader.
 */
export function describeBatch(previous: Files, next: Files, reader: TreeReader = createTreeReader()): string {
  const changes: Change[] = [];
  let syncing = 0;
  for (const [path, text] of next) {
    const old = previous.get(path);
    if (old !== text) changes.push({ path, text, old });
    if (reader.node(path, text)?.phase === 'Syncing') syncing += 1;
  }
  const gone = [...previous].filter(([path]) => !next.has(path));
  const news = [
    ...changes.flatMap((change) => nodeNews(change, reader)),
    ...gone.flatMap(([path, text]) => deleted(reader.node(path, text))),
    ...changes.flatMap((change) => syncNews(change, reader)),
    ...changes.flatMap((change) => jobNews(change, reader)),
  ].sort((a, b) => a.weight - b.weight || (a.text < b.text ? -1 : 1));
  const tail = syncing === 0 ? '' : `${syncing} ${syncing === 1 ? 'node' : 'nodes'} syncing`;
  return fit(
    news.map(({ text }) => text),
    tail,
  );
}

export interface Trailers {
  /** `branch@sha1:…` */
  readonly sourceCommit?: string | undefined;
  readonly executor: string;
  /** The first line, with `{subject}` in it. */
  readonly template?: string | undefined;
}

/** Subject and trailers. A value that could forge a line or another trailer is left out. */
export function commitMessage(subject: string, { sourceCommit, executor, template = '{subject}' }: Trailers): string {
  const trailers = Object.entries({ 'Source-Commit': sourceCommit, Executor: executor })
    .filter(([, value]) => value !== undefined && /^[\w./@:+-]{1,300}$/.test(value))
    .map(([key, value]) => `${key}: ${value}\n`);
  const line = template.replace('{subject}', () => redactedLine(subject, MAX_SUBJECT));
  return `${line}\n\n${trailers.join('')}`;
}

/** A file that is new, or has another text than before. */
interface Change {
  readonly path: string;
  readonly text: string;
  readonly old: string | undefined;
}

function nodeNews({ path, text, old = '' }: Change, reader: TreeReader): News[] {
  const before = reader.node(path, old);
  const after = reader.node(path, text);
  return after === undefined ? deleted(before) : newsOf(before, after);
}

function deleted(node: TreeNode | undefined): News[] {
  return node === undefined ? [] : [{ weight: 2, text: `${node.name} deleted` }];
}

interface News {
  /** Lower is more important. */
  readonly weight: number;
  readonly text: string;
}

const WEIGHT: Readonly<Record<string, number>> = { Error: 0, Running: 3, Stopped: 3 };

function newsOf(before: TreeNode | undefined, after: TreeNode): News[] {
  const { name, phase } = after;
  const kept = keptNews(before, after);
  if (before?.phase === phase) return [...kept, ...smallNews(before, after)];
  const text = `${name}: ${transition(before?.phase, phase)}${phase === 'Error' ? reasonOf(after) : ''}`;
  return [{ weight: lookup(WEIGHT, phase) ?? 4, text }, ...kept];
}

/** What newly keeps the node from what Git asks for: an action that waits for an approval, or a job. */
function keptNews(before: TreeNode | undefined, { name, hold, pause }: TreeNode): News[] {
  const isHeld = hold !== undefined && before?.hold === undefined;
  const isPaused = pause !== undefined && before?.pause === undefined;
  return [
    ...(isHeld ? [{ weight: 1, text: heldNews(name, cleanLine(hold.reason, 30)) }] : []),
    ...(isPaused ? [{ weight: 3, text: `${name} paused` }] : []),
  ];
}

/** The same phase for another reason, or only other figures. */
function smallNews(before: TreeNode, after: TreeNode): News[] {
  if (before.message !== after.message && after.message !== '') {
    return [{ weight: 6, text: `${after.name}: ${cleanLine(after.phase, 20)}${reasonOf(after)}` }];
  }
  return before.height === after.height
    ? []
    : [{ weight: 8, text: `${after.name}: height ${after.height ?? 'unknown'}` }];
}

/** `Running → Error`; for what is new, its first state alone. */
function transition(before: string | undefined, after: string): string {
  const to = cleanLine(after, 20);
  return before === undefined ? to : `${cleanLine(before, 20)} → ${to}`;
}

/** ` (DiskFull)`: the reason of a node that is not ready. */
function reasonOf({ message }: TreeNode): string {
  const reason = cleanLine(message.split(':', 1)[0] ?? '', 30);
  return reason === '' ? '' : ` (${reason})`;
}

const BAD_END: ReadonlySet<string> = new Set(['Failed', 'Held', 'Interrupted', 'Refused']);

/** The end of a job as a verb; every other phase is shown as a transition. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ['Complete', 'completed'],
  ['Failed', 'failed'],
  ['Held', 'ended Held'],
  ['Interrupted', 'interrupted'],
  ['Refused', 'refused'],
  ['Cancelled', 'cancelled'],
]);

function jobNews({ path, text, old = '' }: Change, reader: TreeReader): News[] {
  const now = reader.job(path, text);
  const before = reader.job(path, old);
  if (now === undefined) return [];
  const job = `${cleanLine(now.kind, 30)} ${cleanLine(now.name, 40)}`;
  if (now.phase === before?.phase) return [{ weight: 7, text: `${job}${progress(before, now)}` }];
  const weight = BAD_END.has(now.phase) ? 0 : 2;
  const end = ENDS.get(now.phase);
  return [{ weight, text: end === undefined ? `${job}: ${transition(before?.phase, now.phase)}` : `${job} ${end}` }];
}

/** The same phase: what it waits for, or that more is known of it. */
function progress(before: TreeJob, now: TreeJob): string {
  return now.message === before.message || now.message === '' ? ' updated' : `: ${cleanLine(now.message, 40)}`;
}

/** News of the sync itself: another state, or another applied revision. */
function syncNews({ path, text, old = '' }: Change, reader: TreeReader): News[] {
  const now = reader.sync(path, text);
  const before = reader.sync(path, old);
  if (now === undefined) return [];
  if (now.state !== before?.state)
    return [{ weight: now.state === 'Synced' ? 5 : 1, text: `sync: ${transition(before?.state, now.state)}` }];
  const { applied } = now.revision;
  if (applied === before.revision.applied) return [];
  return [{ weight: 7, text: `${cleanLine(applied.replace(/@\w+:([0-9a-f]{7}).*/, '@$1'), 40)} applied` }];
}

function fit(news: readonly string[], tail: string): string {
  const end = tail === '' ? [] : [tail];
  if (news.length === 0) return tail === '' ? 'Status updated' : `Status updated; ${tail}`;
  for (let shown = Math.min(news.length, 3); shown > 0; shown--) {
    const rest = news.length - shown;
    const more = rest === 0 ? [] : [`${rest} more`];
    const text = [...news.slice(0, shown), ...more, ...end].join('; ');
    if (text.length <= MAX_SUBJECT) return text;
  }
  return cleanLine(news[0] ?? '', MAX_SUBJECT);
}
