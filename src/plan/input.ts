// What a plan is made from.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { JobStep } from '../api/job-step.ts';
import type { Releases } from './action.ts';

/** What Git wants. `DesiredSet` of the room `desired` fits. */
export interface Wanted {
  readonly fleet: FleetSpec;
  readonly fleetBroken: boolean;
  /** Nodes of every executor, by `namespace/name`. */
  readonly nodes: ReadonlyMap<string, WantedNode>;
  readonly brokenFiles: ReadonlySet<string>;
  readonly brokenNodes: ReadonlySet<string>;
  readonly unreadableFiles: ReadonlySet<string>;
  readonly counts: { readonly nodeFiles: number };
}

export interface WantedNode {
  readonly node: BlockchainNode;
  readonly file: string;
}

export interface PlanInput {
  readonly desired: Wanted;
  /** All BlockchainNodes in the cluster, also those of other executors and those made by hand. */
  readonly current: readonly BlockchainNode[];
  /** `branch@sha1:…` */
  readonly revision: string;
  /** The controller that plans: nodes of others are none of its business. */
  readonly executor: string;
  readonly facts?: PlanFacts;
}

/** What is known beyond files and objects. */
export interface PlanFacts {
  /** How the commit relates to the one applied last. */
  readonly ancestry?: 'first' | 'same' | 'forward' | 'rewound' | 'rewritten' | undefined;
  /** `branch@sha1:…` of the commit applied last. */
  readonly lastApplied?: string | undefined;
  /** Identity Secret in force by `namespace/name`, where a Switchover overrides the spec. */
  readonly identities?: ReadonlyMap<string, string> | undefined;
  /**
   * Which node signed last with the key in each Secret (`namespace/name` both): the record of what it signed is on that
   * node's volume. Empty text for a node whose volumes were deleted with it.
   */
  readonly signers?: ReadonlyMap<string, string> | undefined;
  /** What becomes of requests and schedules, of all executors. */
  readonly jobs?: readonly JobStep[] | undefined;
  /** `released` of the plan before. */
  readonly released?: Releases | undefined;
}
