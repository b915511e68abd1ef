// What is known of the desired branch and of its last plan. The reconcilers of the fleet write it, others read it.

import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import type { Ancestry, CommitInfo, Oid } from '../../git/engine.ts';
import type { ErrorCode } from '../../lib/error-codes.ts';
import type { Action, Plan } from '../../plan/action.ts';
import { createDeletedNodes, type DeletedNodes } from './deleted-nodes.ts';

/** What was read from one commit. */
export interface Pulled {
  readonly commit: CommitInfo;
  /** `branch@sha1:…` */
  readonly revision: string;
  readonly desired: DesiredSet;
  /** Relation to the commit applied last. */
  readonly ancestry: Ancestry | 'first';
}

/** Of the commit that was read last. */
export function problemsInFiles({ pulled }: Pick<FleetState, 'pulled'>): readonly Problem[] {
  if (pulled === undefined) return [];
  const { unlisted, problems } = pulled.desired;
  return unlisted === undefined ? problems : [unlisted, ...problems];
}

export interface GitTrouble {
  readonly code: ErrorCode | 'GitFailed';
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface UnverifiedCommit {
  readonly commit: Oid;
  /** `branch@sha1:…` */
  readonly revision: string;
  /** `commit 4f2a…: it is not signed` */
  readonly because: string;
}

/** An action of the plan that failed and is tried again. */
export interface FailedAction {
  readonly do: Action['do'];
  /** Of the node, `namespace/name`. */
  readonly key: string;
  /** `BlockchainNode novacula-system/eth-0` */
  readonly object: string;
  readonly message: string;
  /** The API server refused the object; false when it did not answer. */
  readonly isRefused: boolean;
  /** Where the object is declared; undefined for a deletion. */
  readonly file: string | undefined;
  readonly line: number;
}

/** What the status branch says of the cluster that writes the files of this executor. */
export interface BranchOwner {
  /** As it was read last; undefined when no cluster has named itself there. */
  cluster: string | undefined;
  isRead: boolean;
}

export interface FleetState {
  /** The commit that was read last. */
  pulled: Pulled | undefined;
  /** The tip seen last; newer than `pulled` while a fetch fails. */
  tip: Oid | undefined;
  gitTrouble: GitTrouble | undefined;
  /** A commit that is not applied because of its signatures. `pulled` stays the last one that was accepted. */
  unverified: UnverifiedCommit | undefined;
  plan: Plan | undefined;
  readonly deletedNodes: DeletedNodes;
  /** Keys that declared nodes would newly sign with, see plan/input.ts. */
  newKeys: ReadonlyMap<string, readonly string[]>;
  /** StorageClasses whose volumes cannot grow, where one is to grow. */
  fixedClasses: ReadonlySet<string>;
  /** Of exchanges by files that did not complete, see plan/input.ts. */
  endedSwaps: ReadonlyMap<string, string>;
  /** Whether a plan was applied once to its end, also when single actions of it failed. */
  isSynced: boolean;
  /** Resolves when `isSynced` becomes true. */
  readonly firstSync: PromiseWithResolvers<void>;
  /** Of the last plan that was applied. */
  failures: readonly FailedAction[];
  /** `branch@sha1:…` whose plan was applied, except for held actions. */
  appliedRevision: string | undefined;
  /** What the last plan that changed something did, without what failed of it. */
  lastApplied:
    | { readonly created: number; readonly updated: number; readonly deleted: number; readonly failed: number }
    | undefined;
}

export function createFleetState(appliedRevision: string | undefined): FleetState {
  return {
    pulled: undefined,
    tip: undefined,
    gitTrouble: undefined,
    unverified: undefined,
    plan: undefined,
    deletedNodes: createDeletedNodes(),
    newKeys: new Map(),
    endedSwaps: new Map(),
    fixedClasses: new Set(),
    isSynced: false,
    firstSync: Promise.withResolvers(),
    failures: [],
    appliedRevision,
    lastApplied: undefined,
  };
}
