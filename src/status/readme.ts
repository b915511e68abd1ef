// The status branch's front page: the fleet at a glance, as any Git host shows it.

import { cleanLine, stripControls } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';
import { shownHold } from '../plan/hold-text.ts';
import { chooseJobs, jobMessage, recentJobs, type RecentJob } from './recent-jobs.ts';
import { createTreeReader, type TreeNode, type TreeReader, type TreeSync } from './tree-nodes.ts';

export interface ReadableFiles {
  readonly files: ReadonlyMap<string, string>;
  /** Folders of executors of which not all is read, in order. */
  readonly leftOut: readonly string[];
}

const MAX_ROWS = 1_000;
const MAX_PROBLEMS = 50;
/** Of jobs that are under way or keep a node stopped, and of the last ones that ended. */
const MAX_JOBS = { open: 100, ended: 20 } as const;

/**
 * Markdown from all executors' files. The files of others may hold anything: what cannot be read is skipped, and no
 * text can break out of its cell. A caller that renders again and again gives its reader.
 */
export function renderReadme(tree: ReadonlyMap<string, string>, reader: TreeReader = createTreeReader()): string {
  return render({ files: tree, leftOut: [] }, reader);
}

/** The same with pauses, and with the folders that are too large to be read named. */
export function* renderReadmeInSteps(readable: ReadableFiles, reader: TreeReader): Generator<void, string> {
  const files = [...readable.files];
  for (const [path, text] of files)
    for (const what of ['node', 'sync'] as const) {
      yield* reader.readAhead(what, path, text);
      yield;
    }
  for (const { path, text } of chooseJobs(files, MAX_JOBS).chosen) {
    yield* reader.readAhead('job', path, text);
    yield;
  }
  return render(readable, reader);
}

function render({ files: tree, leftOut }: ReadableFiles, reader: TreeReader): string {
  const files = [...tree];
  const nodes = files.flatMap(([path, text]) => reader.node(path, text) ?? []);
  const syncs = files
    .flatMap(([path, text]) => reader.sync(path, text) ?? [])
    .sort((a, b) => (`${a.executor}/` < `${b.executor}/` ? -1 : 1));
  const broken = brokenFiles(syncs);
  const problems = syncs.flatMap(problemRows);
  const shown = [...nodes].sort(inOrder).slice(0, MAX_ROWS);
  const left = nodes.length - shown.length;
  const jobs = recentJobs(files, reader, MAX_JOBS);
  const jobRows = jobs.shown.map(jobRow);
  return [
    '# The fleet at a glance',
    '',
    summary(nodes),
    '',
    'This branch is written by the controllers. Nodes are changed and jobs are requested on the desired branch.',
    '',
    ...controllers(syncs),
    ...unread(leftOut),
    ...table(
      ['Node', 'Controller', 'Chain', 'Network', 'Phase', 'Height', 'Message'],
      shown.map((node) => nodeRow(node, broken.get(keyOf(node)))),
    ),
    ...table(['Problem', 'Controller', 'Level', 'Where'], problems.slice(0, MAX_PROBLEMS)),
    ...(problems.length > MAX_PROBLEMS
      ? [`${problems.length - MAX_PROBLEMS} more problems are in the files sync.yaml of the controllers.`, '']
      : []),
    ...(left > 0 ? [`${left} more nodes are in the folders of their controllers.`, ''] : []),
    ...table(
      ['Schedule', 'Controller', 'Files a', 'Next', 'Last', 'Skipped'],
      syncs.flatMap(scheduleRows).slice(0, MAX_ROWS),
    ),
    ...table(['Job', 'Controller', 'Nodes', 'Phase', 'Height', 'Time', 'Message'], jobRows),
    ...(jobs.left > 0 && jobRows.length > 0
      ? [`${jobs.left} more ${jobs.left === 1 ? 'job is' : 'jobs are'} in the folders of their controllers.`, '']
      : []),
  ].join('\n');
}

const FRESHNESS = [
  'Each row is true as of its time: that is when the controller last had something new to commit. Heights alone are',
  'committed at most once an hour. An older time means that nothing changed since, or that the controller is down. To',
  'find out which, run `nodewright status --executor CONTROLLER` with access to the cluster, or look whether `renewTime`',
  'of the Lease `nodewright-CONTROLLER` moves: it does every 2 seconds while the controller works. The Lease is in the',
  'namespace of the nodes that name none (`namespace` of the chart, `--namespace` of the commands).',
].join('\n');

function controllers(syncs: readonly TreeSync[]): string[] {
  if (syncs.length === 0) return [];
  return [
    FRESHNESS,
    '',
    ...table(
      ['Controller', 'State', 'As of', 'Version', 'Summary'],
      syncs.map(({ executor, state, publishedAt = 'unknown', controllerVersion, summary: words }) =>
        [executor, state, publishedAt, controllerVersion, words].map(escapeCell),
      ),
    ),
  ];
}

const MAX_NAMES = 10;

function unread(folders: readonly string[]): string[] {
  if (folders.length === 0) return [];
  const names = folders.slice(0, MAX_NAMES).map((name) => escapeCell(name));
  const more = folders.length > MAX_NAMES ? ` and ${folders.length - MAX_NAMES} more` : '';
  const advice =
    'the folders of other executors are too large together. Remove from this branch the folders of executors that do not exist; fleet.yaml lists those that do, and they are read first.';
  return [`Not all is shown of ${names.join(', ')}${more}: ${advice}`, ''];
}

function summary(nodes: readonly TreeNode[]): string {
  if (nodes.length === 0) return 'No nodes yet.';
  const counts = new Map<string, number>();
  for (const { phase } of nodes) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  const parts = [...counts].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const words = parts.slice(0, 10).map(([phase, count]) => `${count} ${escapeCell(phase === '' ? 'unknown' : phase)}`);
  return `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}: ${words.join(', ')}.`;
}

const PHASES = ['Error', 'Pending', 'Configuring', 'Stopping', 'Syncing', 'Running', 'Stopped'];

/** Errors first. */
function rank(phase: string): number {
  const index = PHASES.indexOf(phase);
  return index === -1 ? 0 : index;
}

function inOrder(a: TreeNode, b: TreeNode): number {
  return rank(a.phase) - rank(b.phase) || (a.path < b.path ? -1 : 1);
}

/** Executor, namespace and name of a node → why its last good state is kept. */
function brokenFiles(syncs: readonly TreeSync[]): ReadonlyMap<string, string> {
  return new Map(
    syncs.flatMap(({ executor, kept }) =>
      kept.list.map(({ node, because }) => [`${executor} ${node.split(' ').at(-1) ?? ''}`, because] as const),
    ),
  );
}

function keyOf({ executor, namespace, name }: TreeNode): string {
  return `${executor} ${namespace}/${name}`;
}

function problemRows({ executor, problems }: TreeSync): string[][] {
  return problems.list.map(({ level, place, message }) => [message, executor, level, place].map(escapeCell));
}

/** A height is as old as the snapshot that holds it. */
function heightOf({ height, heightAt }: TreeNode): string {
  if (height === undefined) return '';
  return heightAt === undefined ? String(height) : `${height} at ${heightAt}`;
}

/** Of a node that is the very same object as before, the row is too. */
const knownRows = new WeakMap<TreeNode, readonly string[]>();

function nodeRow(node: TreeNode, broken: string | undefined): readonly string[] {
  if (broken !== undefined) return makeRow(node, broken);
  const row = knownRows.get(node) ?? makeRow(node, undefined);
  knownRows.set(node, row);
  return row;
}

function makeRow(node: TreeNode, broken: string | undefined): readonly string[] {
  const height = heightOf(node);
  const matter = [
    broken === undefined ? '' : `keeps its last good state: ${broken}`,
    node.message,
    cleanLine(node.risk ?? '', MAX_PART),
    node.pause ?? '',
    cleanLine(node.suspended ?? '', MAX_PART),
    node.hold === undefined ? '' : shownHold(node.hold.message),
    ...(node.remarks ?? []).map((remark) => cleanLine(remark, MAX_PART)),
  ].filter((part) => part !== '');
  const name = escapeCell(`${node.namespace}/${node.name}`);
  return [
    `[${name}](${encodePath(node.path)})`,
    ...[node.executor, node.chain, node.network, node.phase, height, matter.join('; ')].map(escapeCell),
  ];
}

/** What is under way or keeps a node stopped, the oldest first, and what ended last, the newest first. */
function jobRow({ at, job }: RecentJob): string[] {
  const name = escapeCell(`${job.kind} ${job.namespace}/${job.name}`);
  const height = job.height === undefined ? '' : String(job.height);
  const nodes = job.nodes.slice(0, 10).join(', ');
  const cells = [job.executor, nodes, job.phase, height, at, jobMessage(job)].map(escapeCell);
  return [`[${name}](${encodePath(job.path)})`, ...cells];
}

function scheduleRows({ executor, schedules }: TreeSync): string[][] {
  return schedules.map(({ schedule, kind, suspended, next, last, skipped }) =>
    [schedule, executor, kind, suspended ? 'suspended' : next, last, skipped].map(escapeCell),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).concat('');
}

const MAX_CELL = 200;
/** What is long gives room to the rest; the file of the node has it all. */
const MAX_PART = 110;

/** One line of plain text: everything Markdown or HTML could take for markup becomes a character reference. */
function escapeCell(text: string): string {
  const line = cleanLine(redact(stripControls(text.slice(0, 20_000))), MAX_CELL);
  const escaped = line.replace(/[&<>"'|`*_[\](){}\\~#!@$^]/g, (character) => `&#${character.charCodeAt(0)};`);
  // Hosts turn bare addresses into links.
  return escaped.replace(/:\/\//g, '&#58;//').replace(/\bwww\./gi, 'www&#46;');
}

function encodePath(path: string): string {
  return path
    .split('/')
    .map((part) =>
      encodeURIComponent(part.toWellFormed()).replace(
        /[()'!*~]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}
