// The input of a plan.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { FleetSpec } from '../api/fleet.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import type { NodeWorkload } from '../api/node-workload.ts';
import type { JobStep } from '../api/job-step.ts';
import type { Releases } from './action.ts';
import type { BusyNode } from './busy-node.ts';
import type { MovedKeys } from './moved-keys.ts';

/** The desired state. `DesiredSet` of the module `desired` has this shape. */
export interface Desired {
  readonly fleet: FleetSpec;
  readonly fleetBroken: boolean;
  /** Nodes of every executor, by `namespace/name`. */
  readonly nodes: ReadonlyMap<string, DesiredNode>;
  readonly brokenFiles: ReadonlySet<string>;
  readonly brokenNodes: ReadonlySet<string>;
  /** The error that breaks a node, by its key, and the first error of each file. */
  readonly brokenBy: { readonly nodes: ReadonlyMap<string, FileError>; readonly files: ReadonlyMap<string, FileError> };
  /** Of `brokenNodes`: those that the policy alone refuses and whose file says that they are stopped, with that file. */
  readonly stoppedNodes: ReadonlyMap<string, string>;
  readonly unreadableFiles: ReadonlySet<string>;
  readonly counts: { readonly nodeFiles: number };
}

/** As `Problem` of the module desired, which this module may not import. */
export interface FileError {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface DesiredNode {
  readonly node: BlockchainNode;
  readonly file: string;
}

export interface PlanInput {
  readonly desired: Desired;
  /** All BlockchainNodes in the cluster, also those of other executors and those made by hand. */
  readonly current: readonly BlockchainNode[];
  /** `branch@sha1:…` */
  readonly revision: string;
  /** The controller that plans. It ignores nodes of other executors. */
  readonly executor: string;
  readonly facts?: PlanFacts;
  /** What a node runs. It is not imported: rendering is not for plans to know. */
  readonly workloadOf?: (node: BlockchainNode) => NodeWorkload | undefined;
  /** For people who read the plan, it says what happens to pods and volumes. Each changed node is rendered twice for it. */
  readonly describesPods?: true;
}

/** Facts that are in neither the files nor the live objects. */
export interface PlanFacts {
  /** How the commit relates to the one applied last. */
  readonly ancestry?: 'first' | 'same' | 'forward' | 'rewound' | 'rewritten' | undefined;
  /** Another cluster works under the name of this executor: nothing is applied here. */
  readonly otherCluster?: { readonly message: string; readonly release: string } | undefined;
  /** The controller lost its memory, and has applied no revision since. */
  readonly memoryLost?: boolean | undefined;
  /** `branch@sha1:…` of the commit applied last. */
  readonly lastApplied?: string | undefined;
  /** Active identity Secret by `namespace/name` of the node, where a Switchover overrides the spec. */
  readonly identities?: ReadonlyMap<string, string> | undefined;
  /**
   * Which node (`namespace/name`) signed last with each key, by its digest and by its Secret (`namespace/name`): the record of
   * what it signed is on that node's volume. Empty text for a node whose volumes were deleted with it.
   */
  readonly signers?: ReadonlyMap<string, string> | undefined;
  /**
   * Digests of the keys that a declared node can sign with and its live object cannot, by `namespace/name` of the node. They
   * come from all Secrets that its final pod reaches. Absent where Secrets cannot be read.
   */
  readonly newKeys?: ReadonlyMap<string, readonly string[]> | undefined;
  /**
   * Digests of all keys that a declared node would sign with, by `namespace/name` of the node, where these are known. With it
   * the plan says who holds them.
   */
  readonly keys?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Nodes, `namespace/name`, whose keys have signed elsewhere since these nodes did. */
  readonly movedKeys?: ReadonlyMap<string, MovedKeys> | undefined;
  /**
   * By key: a pod that can still sign with it and that is not seen as one of its node, in words: `Pod ns/a-0 can still sign with the key, …`, with
   * what to do about it.
   */
  readonly straySigners?: ReadonlyMap<string, string> | undefined;
  /** What became of the Switchover that an exchange by files was filed as, where it did not complete, by `swapOf` of the nodes. */
  readonly endedSwaps?: ReadonlyMap<string, string> | undefined;
  /** Keys of all executors, from the status branch. */
  readonly reservations?: readonly KeyReservation[] | undefined;
  /**
   * Nodes (`namespace/name`) that move to this executor, and the one they come from. Only where no cluster is asked: then they
   * are not in `current`, because they are created here whether the old executor has another cluster or deletes them first.
   */
  readonly arrivals?: ReadonlyMap<string, string> | undefined;
  /** The volumes of declared nodes by `namespace/name` of the node, also of nodes that do not exist. */
  readonly volumes?: ReadonlyMap<string, KnownVolumes> | undefined;
  /** StorageClasses whose volumes cannot grow, by their names, as far as they are known. */
  readonly fixedClasses?: ReadonlySet<string> | undefined;
  /** Nodes, `namespace/name`, that a job is at work on or keeps stopped, by the cluster or the status branch. */
  readonly busyNodes?: ReadonlyMap<string, BusyNode> | undefined;
  /**
   * Nodes, `namespace/name`, that use an object which is not there or not labelled for nodes, and what to do about it in words.
   * No pod of them starts.
   */
  readonly unusable?: ReadonlyMap<string, string> | undefined;
  /** Nodes, `namespace/name`, of which it is not known because their Secrets may not be read. */
  readonly unreadSecrets?: ReadonlySet<string> | undefined;
  /** What happens to job requests and schedules of all executors. */
  readonly jobs?: readonly JobStep[] | undefined;
  /** `released` of the previous plan. */
  readonly released?: Releases | undefined;
}

export interface KeyReservation {
  /** Digest of the key. */
  readonly key: string;
  readonly executor: string;
  /** `namespace/name` */
  readonly node: string;
  /** RFC 3339 */
  readonly since: string;
  /** false: it was released. */
  readonly isHeld: boolean;
  /** The approval that overrules it, where that is known. */
  readonly approval?: string | undefined;
}
