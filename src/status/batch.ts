// What changed between two states of a controller's files → the message of the commit.

import { cleanLine } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';
import { createTreeReader, type TreeJob, type TreeNode, type TreeReader } from './tree-nodes.ts';

const MAX_SUBJECT = 72;

type Files = ReadonlyMap<string, string>;

/**
 * A subject in plain words, at most 72 characters, the most important first: `eth-dev is Running; 2 nodes syncing`.
 * Both maps hold the files of one executor, or of the whole branch.
 * A caller that describes again and again gives its reader.
 */
export function describeBatch(previous: Files, next: Files, reader: TreeReader = createTreeReader()): string {
  const before = nodesOf(previous, reader);
  const after = nodesOf(next, reader);
  const news = [
    ...[...after.values()].flatMap((node) => newsOf(before.get(node.path), node)),
    ...[...before.values()]
      .filter(({ path }) => !after.has(path))
      .map(({ name }) => ({ weight: 2, text: `${name} is gone` })),
    ...syncNews(previous, next, reader),
    ...jobNews(previous, next, reader),
  ].sort((a, b) => a.weight - b.weight || (a.text < b.text ? -1 : 1));
  const syncing = [...after.values()].filter(({ phase }) => phase === 'Syncing').length;
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
}

/** Subject and trailers. A value that could forge a line or another trailer is left out. */
export function commitMessage(subject: string, { sourceCommit, executor }: Trailers): string {
  const trailers = Object.entries({ 'Source-Commit': sourceCommit, Executor: executor })
    .filter(([, value]) => value !== undefined && /^[\w./@:+-]{1,300}$/.test(value))
    .map(([key, value]) => `${key}: ${value}\n`);
  return `${cleanLine(redact(subject), MAX_SUBJECT)}\n\n${trailers.join('')}`;
}

interface News {
  /** Lower is more important. */
  readonly weight: number;
  readonly text: string;
}

const WEIGHT: Readonly<Record<string, number>> = { Error: 0, Running: 3, Stopped: 3 };

function newsOf(before: TreeNode | undefined, after: TreeNode): News[] {
  const { name, phase, hold } = after;
  const held = hold !== undefined && before?.hold === undefined ? [{ weight: 1, text: `${name} is held` }] : [];
  if (before?.phase === phase) return [...held, ...smallNews(before, after)];
  const text = phase === 'Error' ? `${name} has an error` : `${name} is ${cleanLine(phase, 20)}`;
  return [{ weight: WEIGHT[phase] ?? 4, text }, ...held];
}

/** The same phase for another reason, or only other figures. */
function smallNews(before: TreeNode, after: TreeNode): News[] {
  if (before.message !== after.message && after.message !== '') {
    return [{ weight: 6, text: `${after.name}: ${cleanLine(after.message.split(':', 1)[0] ?? '', 30)}` }];
  }
  return before.height === after.height
    ? []
    : [{ weight: 8, text: `${after.name} at height ${after.height ?? 'unknown'}` }];
}

const BAD_END: ReadonlySet<string> = new Set(['Failed', 'Held', 'Interrupted', 'Refused']);

function jobNews(previous: Files, next: Files, reader: TreeReader): News[] {
  return [...next].flatMap(([path, text]) => {
    if (previous.get(path) === text) return [];
    const now = reader.job(path, text);
    const before = reader.job(path, previous.get(path) ?? '');
    if (now === undefined) return [];
    const job = `${cleanLine(now.kind, 30)} ${cleanLine(now.name, 40)}`;
    if (now.phase === before?.phase) return [{ weight: 7, text: `${job} ${doing(before, now)}` }];
    const weight = BAD_END.has(now.phase) ? 0 : 2;
    return [{ weight, text: `${job} is ${cleanLine(now.phase, 20)}` }];
  });
}

/** The same phase: what it waits for, or that more is known of it. */
function doing(before: TreeJob, now: TreeJob): string {
  return now.message === before.message || now.message === '' ? 'continues' : cleanLine(now.message, 40);
}

/** News of the sync itself: another state, or another applied revision. */
function syncNews(previous: Files, next: Files, reader: TreeReader): News[] {
  return [...next].flatMap(([path, text]) => {
    if (previous.get(path) === text) return [];
    const now = reader.sync(path, text);
    const old = reader.sync(path, previous.get(path) ?? '');
    if (now === undefined) return [];
    if (now.state !== old?.state)
      return [{ weight: now.state === 'Synced' ? 5 : 1, text: `sync is ${cleanLine(now.state, 20)}` }];
    const { applied } = now.revision;
    if (applied === old.revision.applied) return [];
    return [{ weight: 7, text: `${cleanLine(applied.replace(/@\w+:([0-9a-f]{7}).*$/, '@$1'), 40)} is applied` }];
  });
}

function nodesOf(files: Files, reader: TreeReader): Map<string, TreeNode> {
  const nodes = [...files].flatMap(([path, text]) => reader.node(path, text) ?? []);
  return new Map(nodes.map((node) => [node.path, node]));
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
