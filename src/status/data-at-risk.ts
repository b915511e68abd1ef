// The condition DataAtRisk: a volume of the node is on its way out while the node still runs on it.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { NewCondition } from '../api/conditions.ts';
import type { PvcView } from './pod-view.ts';

/** A deleted PVC stays while a pod uses it, and is gone with its data when that pod ends. Nothing cancels its deletion. */
export function dataAtRisk(
  { metadata }: Pick<BlockchainNode, 'metadata'>,
  pvcs: readonly PvcView[],
): readonly NewCondition<NodeReason>[] {
  const leaving = pvcs.filter((pvc) => pvc.metadata.deletionTimestamp !== undefined);
  if (metadata.deletionTimestamp !== undefined || leaving.length === 0) return [];
  const names = leaving.map((pvc) => pvc.metadata.name).join(', ');
  const message = `The PVC ${names} was deleted: its data is lost when the pod ends, and a deletion cannot be cancelled. Set the reclaim policy of its volume to Retain before the pod restarts, or copy it with a Backup of action Direct. Jobs that would stop the node are refused, and changes that would end its pod are held.`;
  return [{ type: 'DataAtRisk', status: 'True', reason: 'VolumeTerminating', message }];
}
