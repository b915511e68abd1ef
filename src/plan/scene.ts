// The input of the guards.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Action } from './action.ts';
import type { PlanInput } from './input.ts';

/** Everything that a guard may read. It is complete before the first guard runs. */
export interface Scene {
  readonly input: PlanInput;
  readonly actions: readonly Action[];
  /** All BlockchainNodes of the cluster, by `namespace/name`. */
  readonly live: ReadonlyMap<string, BlockchainNode>;
  /** The nodes with this executor's label. */
  readonly ours: readonly BlockchainNode[];
}
