// What one controller has to say: the input of its part of the status branch.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Capabilities } from '../api/capabilities.ts';
import type { ReportedCode } from '../api/codes/problems.ts';
import type { UpgradeReason } from '../api/codes/upgrade-reasons.ts';
import type { Action, Kept } from '../plan/action.ts';
import type { JudgedApproval } from '../plan/approvals.ts';

export interface FleetView {
  readonly executor: string;
  readonly controllerVersion: string;
  readonly sync: SyncView;
  readonly capabilities: Capabilities;
  /** A copy of what the controller remembers in the cluster. */
  readonly memory?: object | undefined;
  /** What the controller allows, complete; `--policy-from` reads it back. */
  readonly policy?: object | undefined;
  /** The executor's nodes with their status. */
  readonly nodes: readonly { readonly node: BlockchainNode; readonly file?: string | undefined }[];
}

export interface SuspendedNode {
  /** `namespace/name` */
  readonly node: string;
  /** `the Fleet is suspended` */
  readonly because: string;
}

export interface SyncView {
  /** The desired branch. */
  readonly branch: string;
  /** When anything in the folder of the executor changed last, RFC 3339. A time that moved by itself would make commits. */
  readonly publishedAt?: string | undefined;
  /** `branch@sha1:…`: the newest commit that was read. */
  readonly seen?: string | undefined;
  /** The commit that is applied. */
  readonly applied?: string | undefined;
  /** Of the commit seen; the whole list, it is cut here. */
  readonly problems: readonly ProblemView[];
  /** The held actions of the latest plan and the digest that releases them. */
  readonly held: readonly Action[];
  readonly heldDigest?: string | undefined;
  /** Some are held because of the branch as a whole: job requests and their removals wait too. */
  readonly requestsHeld?: boolean | undefined;
  /** What became of each approval in fleet.yaml. */
  readonly approvals?: readonly JudgedApproval[] | undefined;
  /** Nodes that are left as they are, and why: their file is broken, or on its way out. */
  readonly kept?: readonly Kept[] | undefined;
  /** What the last apply that changed something did. */
  readonly lastApplied?:
    | { readonly created: number; readonly updated: number; readonly deleted: number; readonly failed: number }
    | undefined;
  /** Another cluster works under the name of this executor, and what to do. */
  readonly otherCluster?: string | undefined;
  /** Why Git cannot be read or written. */
  readonly gitTrouble?: string | undefined;
  /** A revision that is not applied because its signatures are not accepted, and why. */
  readonly unverified?: { readonly revision: string; readonly because: string } | undefined;
  /** Keys of nodes that could not be applied. Their problems are in `problems`, or in their own status. */
  readonly failedNodes?: readonly string[] | undefined;
  /** Keys of nodes whose objects the API server has not all accepted yet. */
  readonly pendingNodes?: readonly string[] | undefined;
  /** Those that are suspended, and by what. */
  readonly suspendedNodes?: readonly SuspendedNode[] | undefined;
  /** Actions that failed and are tried again, in words. */
  readonly failures?: readonly string[] | undefined;
  /** Why the cluster cannot be read or changed. */
  readonly clusterTrouble?: string | undefined;
  readonly suspended?: boolean | undefined;
  /** fleet.yaml has an error: nothing of the commit is applied. */
  readonly fleetBroken?: boolean | undefined;
  /** Why nothing can belong to this executor: fleet.yaml lists others only. One of `problems`. */
  readonly unlisted?: string | undefined;
  /** Signing Secrets used in place of the nodes' files, by `namespace/name`: what a Switchover exchanged. */
  readonly identities?: Readonly<Record<string, string>> | undefined;
  /** Of this executor. */
  readonly schedules?: readonly ScheduleView[] | undefined;
  readonly upgrade?: UpgradeView | undefined;
}

/** An upgrade of the controller that is under way, was refused or failed. */
export interface UpgradeView {
  readonly version: string;
  readonly state: string;
  readonly isUnderWay: boolean;
  readonly reason?: UpgradeReason | 'VersionNotAllowed';
  readonly message: string;
}

/** What a JobSchedule did last and does next. */
export interface ScheduleView {
  /** `namespace/name` */
  readonly schedule: string;
  readonly file: string;
  /** The kind of the requests that it files. */
  readonly kind: string;
  readonly suspended: boolean;
  /** RFC 3339; absent while it is suspended, and for a time that never comes. */
  readonly next?: string | undefined;
  /** Name of the last request that is on record. */
  readonly last?: string | undefined;
  /** The last run that was due and not filed, and why; absent once a later one was filed. */
  readonly skipped?: string | undefined;
}

/** A problem of a file, as `Problem` of the module desired, which this module may not import. */
export interface ProblemView {
  readonly level: 'error' | 'warning';
  readonly code: ReportedCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
