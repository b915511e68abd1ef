// What is known about one node at one moment: everything that nodeStatus reads.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Suspension } from '../api/fleet.ts';
import type { Expectation, RoleFacts } from '../chains/observed.ts';
import { redactedLine } from '../lib/redact.ts';

export interface Observation {
  /** With its previous status, if any. */
  readonly node: BlockchainNode;
  readonly statefulSet?: KubeObject | undefined;
  /** The node's own pods: those of its StatefulSet, not those of jobs. */
  readonly pods: readonly KubeObject[];
  /** One with the name of the node's pod that has not its label: no watch shows it, and no StatefulSet has it. */
  readonly unlabelledPod?: UnlabelledPod | undefined;
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
  /** Why an action of the plan on the node is held. */
  readonly hold?: Hold | undefined;
  /** The job that keeps the node stopped, or works on it. */
  readonly pause?: Pause | undefined;
  /** The error in a file because of which what Git asks for is not known, in whole sentences with its place. */
  readonly broken?: string | undefined;
  /** By what it is suspended. */
  readonly suspension?: Suspension | undefined;
  /** What the API server refused to do with the object of the node itself, in its words. */
  readonly refused?: string | undefined;
  /** Rendering or applying failed. `stalled`: trying again will not help. */
  readonly trouble?: Trouble | undefined;
  /** Objects of the node that another program keeps changing, each in a sentence. */
  readonly contested?: readonly string[];
}

export interface UnlabelledPod {
  readonly pod: KubeObject;
  /** What is the case and what to do. */
  readonly message: string;
}

export interface Hold {
  readonly reason: NodeReason;
  readonly message: string;
}

export interface Pause {
  /** The job: `Backup novacula-system/nightly`. */
  readonly by: string;
  readonly message: string;
  /** The job has ended: no waiting starts the node. */
  readonly stalled?: boolean;
}

export interface Trouble {
  readonly reason: NodeReason;
  readonly message: string;
  readonly stalled: boolean;
}

/** A message of others as a condition has it. */
export function cleanMessage(message: string): string {
  return redactedLine(message, 1_000);
}
