// The node's PVCs → status.volumes.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import { defined } from '../lib/defined.ts';
import { parseQuantity } from '../lib/quantity.ts';
import type { PvcView } from './pod-view.ts';

/**
 * One entry for each PVC, by the volume's name: the StatefulSet controller calls PVCs `<volume>-<pod>`. A deleted PVC is
 * shown as Terminating, as kubectl does: its data goes with the pod that still uses it.
 */
export function volumeStatuses(node: BlockchainNode, pvcs: readonly PvcView[]): NonNullable<NodeStatus['volumes']> {
  const suffix = `-${node.metadata.name}-0`;
  return pvcs.map(({ metadata, spec, status }) => {
    const name = metadata.name.endsWith(suffix) ? metadata.name.slice(0, -suffix.length) : metadata.name;
    const requested = spec.resources?.requests.storage;
    return {
      name,
      claim: metadata.name,
      phase: metadata.deletionTimestamp === undefined ? status.phase : 'Terminating',
      ...defined({
        capacity: status.capacity?.storage,
        requested,
        message: growthOutside(name, requested, node.spec.storage[name]?.size),
      }),
    };
  });
}

function growthOutside(name: string, live: string | undefined, desired: string | undefined): string | undefined {
  const [actual, asked] = [parseQuantity(live ?? ''), parseQuantity(desired ?? '')];
  if (actual === undefined || asked === undefined || actual <= asked) return undefined;
  return `The PVC requests ${live}, more than spec.storage.${name}.size (${desired}): it was grown outside Git. Set the size in the file to ${live}.`;
}
