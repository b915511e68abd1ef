// The node's volume claims → status.volumes.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import type { ClaimView } from './pod-view.ts';

/** One entry a claim, by the volume's name: claims are called `<node>-<volume>`. */
export function volumeStatuses(node: BlockchainNode, claims: readonly ClaimView[]): NonNullable<NodeStatus['volumes']> {
  const prefix = `${node.metadata.name}-`;
  return claims.map(({ metadata, spec, status }) => ({
    name: metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : metadata.name,
    claim: metadata.name,
    phase: status.phase,
    ...(status.capacity === undefined ? {} : { capacity: status.capacity.storage }),
    ...(spec.resources === undefined ? {} : { requested: spec.resources.requests.storage }),
  }));
}
