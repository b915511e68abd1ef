// The node's volume claims → status.volumes.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import type { ClaimView } from './pod-view.ts';

/**
 * One entry a claim, by the volume's name: the StatefulSet controller calls claims `<volume>-<pod>`. A claim that somebody
 * deleted is shown as Terminating, as kubectl does: its data goes with the pod that still uses it.
 */
export function volumeStatuses(node: BlockchainNode, claims: readonly ClaimView[]): NonNullable<NodeStatus['volumes']> {
  const suffix = `-${node.metadata.name}-0`;
  return claims.map(({ metadata, spec, status }) => ({
    name: metadata.name.endsWith(suffix) ? metadata.name.slice(0, -suffix.length) : metadata.name,
    claim: metadata.name,
    phase: metadata.deletionTimestamp === undefined ? status.phase : 'Terminating',
    ...(status.capacity === undefined ? {} : { capacity: status.capacity.storage }),
    ...(spec.resources === undefined ? {} : { requested: spec.resources.requests.storage }),
  }));
}
