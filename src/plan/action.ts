// What a plan is made of.

import type { GuardName } from '../api/codes/guards.ts';
import type { JobStep } from '../api/job-step.ts';
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
  /** Set when a guard or a person holds the action. */
  readonly hold?: Hold;
}

export type Action =
  | (Base & { readonly do: 'create'; readonly object: KubeObject; readonly file: string })
  | (Base & {
      readonly do: 'update';
      readonly object: KubeObject;
      readonly file: string;
      readonly changes: readonly Change[];
      /** The change undoes somebody's change in the cluster rather than following a commit. */
      readonly drift: boolean;
    })
  | (Base & { readonly do: 'delete'; readonly uid: string; readonly keepsVolumes: boolean });

export interface Hold {
  /** Also the reason of the Event. */
  readonly guard: GuardName;
  readonly message: string;
  /** What releases it. */
  readonly release: string;
  /** It ends by itself, so what else holds the action and waits for a person is told first. */
  readonly passes?: boolean;
  /** Whether an approval in fleet.yaml can release it. */
  readonly approvable: boolean;
}

/** A node that Git no longer declares, or that is on its way out, and is left as it is. */
export interface Kept {
  readonly ref: Ref;
  readonly because: string;
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
  /** Requests and schedules that differ; the job loops carry them out, and no guard holds them. */
  readonly jobs: readonly JobStep[];
  /**
   * Digest of the held actions that an approval in fleet.yaml may release, by naming it; undefined when there are none.
   * The same for the same actions, whatever the revision and whichever guard holds them.
   */
  readonly heldDigest: string | undefined;
  /** What approvals released. Handed to the next plan, so that a release survives being carried out only in part. */
  readonly released: Releases;
}
