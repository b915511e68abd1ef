// Whether the objects of a node are left as they are, because it is suspended.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { NodeDeps } from './deps.ts';
import type { Suspended } from './suspensions.ts';
import type { NodeTrouble } from './trouble.ts';

/**
 * A job that has begun on the node continues to its end: the node is stopped for it, and started again. Until then the suspension
 * has no effect.
 */
export function whyLeft(
  node: BlockchainNode,
  { suspensions, isWorkedOn }: Pick<NodeDeps, 'suspensions' | 'isWorkedOn'>,
): Suspended | undefined {
  const key = keyOf(node);
  const suspended = suspensions.of(key);
  return suspended !== undefined && isWorkedOn(key) ? undefined : suspended;
}

export const SUSPENSION_UNKNOWN: NodeTrouble = {
  reason: 'SuspensionUnknown',
  message:
    'The controller has not read a valid fleet.yaml yet, so that it does not know whether the node is suspended. The node is left as it is until then.',
  stalled: false,
};
