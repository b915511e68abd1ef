// The desired state of all files of a commit.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { ProblemCode } from '../api/codes/problems.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { JobRequest } from '../api/job-object.ts';
import type { JobScheduleSpec } from '../api/job-schedule.ts';
import type { NeededApproval } from '../jobs/requests/approval.ts';
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
  /** With defaults and patches applied, the namespace set, and the labels and annotations of the controller. */
  readonly node: BlockchainNode;
  readonly file: string;
  /** The files whose rights count together: `file`, and patches and `fleet.yaml` where they changed the node. */
  readonly contributors: readonly string[];
  readonly line: number;
}

export interface DesiredRequest {
  /** In this project's API group, with the defaults of the schema, the executor, and the file as annotation. */
  readonly request: JobRequest;
  readonly executor: string;
  readonly file: string;
  readonly line: number;
  /** Digest of kind and spec before defaults: a new default is not an edit. */
  readonly specDigest: string;
  /** It uses more than the default policy allows, and does not begin before this approval. */
  readonly needsApproval?: NeededApproval;
  /** `namespace/name` of the schedule that created it, if any. */
  readonly schedule?: string;
  /** Why it is withdrawn although its schedule still exists. */
  readonly withdrawn?: string;
}

export interface DesiredSchedule {
  readonly name: string;
  readonly namespace: string;
  readonly spec: JobScheduleSpec;
  /** As of a request: one approval for all its runs. */
  readonly needsApproval?: NeededApproval;
  readonly executor: string;
  readonly file: string;
  readonly line: number;
}

export interface DesiredSet {
  readonly fleet: FleetSpec;
  /** Nodes of every executor, by `namespace/name`. */
  readonly nodes: ReadonlyMap<string, DesiredNode>;
  /**
   * Files with an error, and the nodes that they may declare: nodes that came from them keep their last good state and are
   * not pruned. Keys of nodes that could be read from a broken file are listed too.
   */
  readonly brokenFiles: ReadonlySet<string>;
  readonly brokenNodes: ReadonlySet<string>;
  /** The error that breaks a node, by its key, and the first error of each file. */
  readonly brokenBy: {
    readonly nodes: ReadonlyMap<string, Problem>;
    readonly files: ReadonlyMap<string, Problem>;
  };
  /** Of `brokenNodes`: those that the policy alone refuses and whose file says that they are stopped, with that file. */
  readonly stoppedNodes: ReadonlyMap<string, string>;
  /** Those of `brokenFiles` that may declare nodes whose names could not be read. */
  readonly unreadableFiles: ReadonlySet<string>;
  /** fleet.yaml has an error: no node can be checked, so none is changed and none is pruned. */
  readonly fleetBroken: boolean;
  /** Of the executor that reads, when fleet.yaml lists others only. Not in `problems`, which are the same for all. */
  readonly unlisted?: Problem | undefined;
  /** Job requests of every executor, by `Kind/namespace/name`. */
  readonly requests: ReadonlyMap<string, DesiredRequest>;
  /** Job requests in files with errors: neither created nor withdrawn. */
  readonly brokenRequests: ReadonlySet<string>;
  readonly schedules: ReadonlyMap<string, DesiredSchedule>;
  readonly problems: readonly Problem[];
  /** Number of `files` that were read, of those in `nodes/`, and of valid `objects` of all kinds in them. */
  readonly counts: { readonly files: number; readonly nodeFiles: number; readonly objects: number };
}
