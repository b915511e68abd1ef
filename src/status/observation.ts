// What is known about one node at one moment: everything that nodeStatus reads.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Expectation, RoleFacts } from '../chains/observed.ts';

export interface Observation {
  /** With its previous status, if any. */
  readonly node: BlockchainNode;
  readonly statefulSet?: KubeObject | undefined;
  /** The node's own pods: those of its StatefulSet, not those of jobs. */
  readonly pods: readonly KubeObject[];
  /** The node's PersistentVolumeClaims. */
  readonly pvcs: readonly KubeObject[];
  /** Events about the node's StatefulSet, pods and PVCs. */
  readonly events?: readonly KubeObject[] | undefined;
  /** By role; a role is absent when it was not asked. */
  readonly facts: ReadonlyMap<string, RoleFacts>;
  readonly expectations: ReadonlyMap<string, Expectation>;
  /**
   * Role → when it last answered, milliseconds since the epoch. Lets a single missed answer pass without a change of
   * status. For a role that is absent `status.observedAt` is used, older by up to the interval of status writes.
   */
  readonly answeredAt?: ReadonlyMap<string, number>;
  /** Role → when its height was last seen to rise, milliseconds since the epoch. Absent: derived from the previous status. */
  readonly risenAt?: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `branch@sha1:…` of the commit that the spec came from. */
  readonly revision?: string | undefined;
  /** Why a change is held: a guard, a job, a person. */
  readonly hold?: Hold | undefined;
  /** The error in a file because of which what Git asks for is not known, in whole sentences with its place. */
  readonly broken?: string | undefined;
  /** Rendering or applying failed. `stalled`: trying again will not help. */
  readonly trouble?: Trouble | undefined;
  /** A job keeps the node stopped, or works on it. */
  readonly isPaused?: boolean;
  /** Objects of the node that another program keeps changing, each in a sentence. */
  readonly contested?: readonly string[];
}

export interface Hold {
  readonly reason: NodeReason;
  readonly message: string;
  readonly by?: string;
  /** It ends by no waiting. */
  readonly stalled?: boolean;
}

export interface Trouble {
  readonly reason: NodeReason;
  readonly message: string;
  readonly stalled: boolean;
}
