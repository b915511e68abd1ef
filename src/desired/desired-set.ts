// What people want, all files together.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { ProblemCode } from '../api/codes/problems.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { JobRequest } from '../api/job-object.ts';
import type { JobScheduleSpec } from '../api/job-schedule.ts';
import type { Problem } from './text/problem.ts';

/** One file of a commit, or of a directory. */
export interface SourceFile {
  readonly path: string;
  /** Identifies the content; equal ids mean equal content. */
  readonly oid: string;
  /** Absent when the file could not or may not be read; then `trouble` says why. */
  readonly text?: string;
  readonly trouble?: { readonly code: ProblemCode; readonly message: string };
}

export interface DesiredNode {
  /** With defaults and patches applied, namespace set, labels and annotations of ours added. */
  readonly node: BlockchainNode;
  readonly file: string;
  readonly line: number;
}

export interface DesiredRequest {
  /** Our group, with the schema's defaults, the executor filled in, the file as annotation. */
  readonly request: JobRequest;
  readonly executor: string;
  readonly file: string;
  readonly line: number;
  /** Digest of kind and spec as written, before defaults: a new default is no edit. */
  readonly specDigest: string;
  /** `namespace/name` of the schedule that filed it, if one did. */
  readonly schedule?: string;
  /** Why it is no longer wanted although what filed it is still there. */
  readonly withdrawn?: string;
}

export interface DesiredSchedule {
  readonly name: string;
  readonly namespace: string;
  readonly spec: JobScheduleSpec;
  readonly executor: string;
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
  /** Those of `brokenFiles` that may hold nodes whose names could not be told. */
  readonly unreadableFiles: ReadonlySet<string>;
  /** fleet.yaml itself is broken: no node can be judged, so none is changed and none is pruned. */
  readonly fleetBroken: boolean;
  /** One-shot requests of every executor, by `Kind/namespace/name`. */
  readonly requests: ReadonlyMap<string, DesiredRequest>;
  /** Requests that can be told from files with errors: neither filed nor taken for withdrawn. */
  readonly brokenRequests: ReadonlySet<string>;
  readonly schedules: ReadonlyMap<string, DesiredSchedule>;
  readonly problems: readonly Problem[];
  /** `files` that were read, those of them in `nodes/`, and `objects` of every kind that were found good in them. */
  readonly counts: { readonly files: number; readonly nodeFiles: number; readonly objects: number };
}
