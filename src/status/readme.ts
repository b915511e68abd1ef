// The status branch's front page: the fleet at a glance, as any Git host shows it.

import { cleanLine, stripControls } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';
import { createTreeReader, type TreeNode, type TreeReader } from './tree-nodes.ts';

const MAX_ROWS = 1_000;

/**
 * Markdown from all executors' files. The files of others may hold anything: what can't be read is skipped, and no
 * text can break out of its cell. A caller that renders again and again gives its reader.
 */
export function renderReadme(tree: ReadonlyMap<string, string>, reader: TreeReader = createTreeReader()): string {
  const files = [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
  const nodes = files.flatMap(([path, text]) => reader.node(path, text) ?? []);
  const syncs = files.flatMap(([path, text]) => reader.sync(path, text) ?? []);
  const shown = [...nodes].sort(inOrder).slice(0, MAX_ROWS);
  const left = nodes.length - shown.length;
  return [
    '# The fleet at a glance',
    '',
    summary(nodes),
    '',
    'This branch is written by the controllers. Nodes are changed on the desired branch.',
    '',
    ...table(
      ['Controller', 'State', 'Version', 'Summary'],
      syncs.map((sync) => [sync.executor, sync.state, sync.controllerVersion, sync.summary].map(escapeCell)),
    ),
    ...table(['Node', 'Controller', 'Chain', 'Network', 'Phase', 'Height', 'What is the matter'], shown.map(nodeRow)),
    ...(left > 0 ? [`${left} more nodes are in the folders of their controllers.`, ''] : []),
  ].join('\n');
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

/** Trouble first. */
function rank(phase: string): number {
  const index = PHASES.indexOf(phase);
  return index === -1 ? 0 : index;
}

function inOrder(a: TreeNode, b: TreeNode): number {
  return rank(a.phase) - rank(b.phase) || (a.path < b.path ? -1 : 1);
}

function nodeRow(node: TreeNode): string[] {
  const height = node.height === undefined ? '' : String(node.height);
  const matter = [node.message, node.hold === undefined ? '' : `held: ${node.hold}`].filter((part) => part !== '');
  const name = escapeCell(`${node.namespace}/${node.name}`);
  return [
    `[${name}](${encodePath(node.path)})`,
    ...[node.executor, node.chain, node.network, node.phase, height, matter.join('; ')].map(escapeCell),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).concat('');
}

const MAX_CELL = 200;

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
