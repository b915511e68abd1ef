// What a plan is made of.

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
  /** The guard's name, e.g. `DeletionBudget`. PascalCase: it is also the Event reason. */
  readonly guard: string;
  readonly message: string;
  /** What releases it. */
  readonly release: string;
}

export interface Plan {
  /** `branch@sha1:…` */
  readonly revision: string;
  readonly actions: readonly Action[];
  /** Digest of the held actions; undefined when nothing is held. An approval in fleet.yaml names it. */
  readonly heldDigest: string | undefined;
}
