// What admission reads of a request, and what it can decide.

import type { RequestRefusal } from '../../api/codes/job-reasons.ts';
import type { JobPhase } from '../../api/job-phase.ts';
import type { NeededApproval } from './approval.ts';
import type { JobRecord, UNREADABLE } from './record.ts';

/** A request in Git; without errors from `validate`. */
export interface GitRequest {
  /** `Kind/namespace/name` */
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly executor: string;
  /** Digest of kind and spec as written. */
  readonly specDigest: string;
  /** Digest of the spec that its object must have. */
  readonly objectDigest?: string;
  readonly file: string;
  readonly commit: string;
  readonly author: string;
  readonly schedule?: string;
  /** Why it is no longer wanted although what filed it is still there. */
  readonly withdrawn?: string;
  /** It uses more than the default policy allows, and is not claimed before this approval. */
  readonly needsApproval?: NeededApproval;
  /** What it works on, for the record; only a request without a claim needs it. */
  readonly nodes?: readonly string[];
}

/** A request's object in the cluster. */
export interface LiveRequest {
  readonly uid: string;
  /** Digest of its spec, as `GitRequest.objectDigest`. */
  readonly objectDigest?: string;
  readonly phase: JobPhase | undefined;
  /** What it says already of why it is no longer requested. */
  readonly withdrawn: string | undefined;
}

export interface AdmitInput {
  readonly requests: readonly GitRequest[];
  /** As they stand on the pushed status branch, below this executor's name. */
  readonly records: ReadonlyMap<string, JobRecord | typeof UNREADABLE>;
  /** As the next push will write them. */
  readonly unpushed: ReadonlyMap<string, JobRecord>;
  readonly objects: ReadonlyMap<string, LiveRequest>;
  readonly executor: string;
  /** Requests whose file is there but can't be read now: they count as unchanged. */
  readonly unreadable: ReadonlySet<string>;
  /** Files that can't be read now: requests that came from them count as unchanged. */
  readonly brokenFiles: ReadonlySet<string>;
  /**
   * Requests that this controller has claimed and not seen end: the UID of the object that may act, empty text before there
   * is one. A record alone makes nothing run: others may write to the status branch.
   */
  readonly open: ReadonlyMap<string, string>;
  /** Requests that may have run before their records were lost. */
  readonly unrecorded?: ReadonlySet<string>;
  /** The digests that `fleet.yaml` approves. */
  readonly approvals?: ReadonlySet<string>;
  /** False while an action of a moved or emptied branch is held: a request without a claim waits. */
  readonly mayBegin: boolean;
  /** false while removals are held (rewound branch, empty tree): no file counts as removed. */
  readonly trustRemovals: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Decision =
  /** Write the record and push it. Nothing else happens before that push has landed. */
  | { readonly do: 'claim'; readonly key: string; readonly record: JobRecord }
  /** The claim has landed: create the object. Safe to repeat, since an object that is not bound does nothing. */
  | { readonly do: 'create'; readonly key: string; readonly request: GitRequest }
  /** Write the object's UID into the record and push it. Only then may the object act. */
  | { readonly do: 'bind'; readonly key: string; readonly record: JobRecord }
  /** Write a final record: Cancelled, Interrupted. */
  | { readonly do: 'end'; readonly key: string; readonly record: JobRecord }
  /** Write to the object why its request was withdrawn, or that it was not. */
  | { readonly do: 'mark'; readonly key: string; readonly uid: string; readonly withdrawn: string | undefined }
  /** Nothing happens; the message belongs beside the file. */
  | {
      readonly do: 'refuse';
      readonly key: string;
      readonly file: string;
      readonly reason: RequestRefusal;
      readonly message: string;
    };
