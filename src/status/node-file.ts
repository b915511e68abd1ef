// One node's file on the status branch, written again only when something that it shows changed.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { nodeDocument, readSnapshot, type Snapshot } from './node-document.ts';

export interface NodeFileOptions {
  /** The files now on the branch, by path: figures of nodes stay as they are there until they are old enough. */
  readonly previous: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How often heights alone are news, in milliseconds: an hour keeps the history small. */
  readonly snapshotIntervalMs: number;
  /** Kept by the caller between calls that have the same redactor. Absent: every file is written again. */
  readonly written?: WrittenNodes;
}

/** What was written last, by path. Make with `new Map()`; of nodes that are gone it is forgotten by `forgetGone`. */
export type WrittenNodes = Map<string, Written>;

interface Written {
  readonly node: BlockchainNode;
  readonly file: string | undefined;
  /** What stood on the branch. */
  readonly previous: string | undefined;
  readonly text: string;
  readonly snapshot: Snapshot;
  readonly goodUntil: number;
}

export interface NodeFile {
  readonly node: BlockchainNode;
  readonly file?: string | undefined;
  readonly path: string;
}

/** The text. A node that is the very same object as before has nothing new to show. */
export function writeNodeFile(
  { node, file, path }: NodeFile,
  { previous, now, snapshotIntervalMs, written }: NodeFileOptions,
  toText: (document: unknown) => string,
): string {
  const known = written?.get(path);
  const onBranch = previous.get(path);
  if (known !== undefined && isSame(known, { node, file, onBranch }) && now < known.goodUntil) return known.text;
  const snapshot = known !== undefined && known.text === onBranch ? known.snapshot : readSnapshot(onBranch);
  const made = nodeDocument({ node, file }, { previous: snapshot, now, snapshotIntervalMs });
  const text = toText(made.document);
  written?.set(path, { node, file, previous: onBranch, text, snapshot: made.snapshot, goodUntil: made.goodUntil });
  return text;
}

/** Drops what was written of nodes whose files are no longer among `files`. */
export function forgetGone(written: WrittenNodes, files: ReadonlyMap<string, string>): void {
  for (const path of written.keys()) if (!files.has(path)) written.delete(path);
}

interface Asked {
  readonly node: BlockchainNode;
  readonly file: string | undefined;
  readonly onBranch: string | undefined;
}

function isSame({ node, file, previous, text }: Written, asked: Asked): boolean {
  const onBranch = asked.onBranch === text || asked.onBranch === previous;
  return node === asked.node && file === asked.file && onBranch;
}
