// What people want, all files together.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { Problem } from './problem.ts';

/** One file of a commit, or of a directory. */
export interface SourceFile {
  readonly path: string;
  /** Identifies the content; equal ids mean equal content. */
  readonly oid: string;
  /** Absent when the file could not or may not be read; then `trouble` says why. */
  readonly text?: string;
  readonly trouble?: { readonly code: string; readonly message: string };
}

export interface DesiredNode {
  /** With defaults and patches applied, namespace set, labels and annotations of ours added. */
  readonly node: BlockchainNode;
  readonly file: string;
  readonly line: number;
}

export interface DesiredSet {
  readonly fleet: FleetSpec;
  /** Nodes of every executor, by `namespace/name`. */
  readonly nodes: ReadonlyMap<string, DesiredNode>;
  /**
   * Files with an error, and what they may have contained: nodes that came from them before keep their last good state
   * and are not pruned. Keys of nodes that could still be told from a broken file are listed too.
   */
  readonly brokenFiles: ReadonlySet<string>;
  readonly brokenNodes: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  readonly counts: { readonly files: number; readonly objects: number };
}
