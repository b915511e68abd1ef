// The plan: actions, holds and what is kept.

import type { GuardName } from '../api/codes/guards.ts';
import type { JobStep } from '../api/job-step.ts';
import type { LostVolume } from '../api/node-volumes.ts';
import type { MovedKeys } from './moved-keys.ts';
import type { KubeObject, Ref } from '../api/objects.ts';

/** One changed field. Secrets never occur in specs, so values may be shown; long ones are shortened by describe.ts. */
export interface Change {
  /** `spec.clients.el.version` */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

interface Base {
  readonly ref: Ref;
  /** Why, in one sentence, the same in plan, log, event and status. */
  readonly because: string;
  /** Set when a guard holds the action. */
  readonly hold?: Hold;
  /** The approval in fleet.yaml that released it. */
  readonly approval?: Approval;
  /** The node changes its executor: this is one half, the plan of the other executor has the other half. */
  readonly move?: Move;
  /** What it does to the pod, the volumes and the key, in whole sentences; absent when that is not known. */
  readonly consequences?: readonly string[];
}

export interface Approval {
  readonly digest: string;
  readonly reason?: string;
}

export type Move =
  { readonly to: string; readonly from?: undefined } | { readonly from: string; readonly to?: undefined };

export type Action =
  | (Base & { readonly do: 'create'; readonly object: KubeObject; readonly file: string })
  | (Base & {
      readonly do: 'update';
      readonly object: KubeObject;
      readonly file: string;
      readonly changes: readonly Change[];
      /** The change undoes an edit in the cluster; it does not follow a commit. */
      readonly drift: boolean;
    })
  /** Starts a node without the record of what its key has signed: on other volumes, or after the key signed elsewhere. */
  | (Base & {
      readonly do: 'start';
      readonly file: string;
      readonly lost: readonly LostVolume[];
      readonly moved?: MovedKeys | undefined;
    })
  | (Base & { readonly do: 'delete'; readonly uid: string; readonly keepsVolumes: boolean });

export interface Hold {
  /** Also the reason of the Event. */
  readonly guard: GuardName;
  readonly message: string;
  /** What releases it. */
  readonly release: string;
  /** The hold ends by itself. A hold that needs an approval is shown instead of it when there is one. */
  readonly passes?: boolean;
  /** Whether an approval in fleet.yaml can release it. */
  readonly approvable: boolean;
}

/** A node that is left unchanged, for example because its file has an error or because it is being deleted. */
export interface Kept {
  readonly ref: Ref;
  readonly because: string;
  /** What Git asks for cannot be read, because of an error in a file: where it is, and what is wrong. */
  readonly brokenBy?: string;
}

/** What an approval releases that the controller held before this change. */
export interface ReleasedHold extends Approval {
  readonly executor: string;
  /** In words: `delete BlockchainNode ns/name` */
  readonly actions: readonly string[];
  /** `actions` are the first of many. */
  readonly isCut: boolean;
  /** Why it may release nothing. */
  readonly unless?: string;
}

/** Approval digest → digests of the actions it released. */
export type Releases = Readonly<Record<string, readonly string[]>>;

export interface Plan {
  /** `branch@sha1:…` */
  readonly revision: string;
  /** In the order in which they are safe to carry out. */
  readonly actions: readonly Action[];
  /** Nodes that are neither changed nor pruned, and why. */
  readonly kept: readonly Kept[];
  /** Job requests and schedules that differ, with their own holds. The job reconcilers carry them out. */
  readonly jobs: readonly JobStep[];
  /**
   * Digest of the held actions that an approval in fleet.yaml may release, by naming it; undefined when there are none.
   * It depends on the actions only, not on the revision or on the guards that hold them.
   */
  readonly heldDigest: string | undefined;
  /** What approvals released. It goes into the next plan, so that a release stays valid when only a part of it succeeds. */
  readonly released: Releases;
  /** Known only from the status branch: between two revisions nothing else shows it. */
  readonly releasedHold?: ReleasedHold | undefined;
}
