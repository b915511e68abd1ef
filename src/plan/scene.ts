// What guards look at.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Action } from './action.ts';
import type { PlanInput } from './input.ts';

/** Everything a guard may look at: gathered before any guard is asked. */
export interface Scene {
  readonly input: PlanInput;
  readonly actions: readonly Action[];
  /** All BlockchainNodes of the cluster, by `namespace/name`. */
  readonly live: ReadonlyMap<string, BlockchainNode>;
  /** Those that carry this executor's label. */
  readonly ours: readonly BlockchainNode[];
}
