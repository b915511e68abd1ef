// Gives a node's volumes to the node right before it is deleted, so that they go with it. Only for deletionPolicy Delete.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { API_VERSION } from '../../api/group.ts';
import { describeRef, keyOf, refOf } from '../../api/objects.ts';
import { codeOf } from '../../lib/errors.ts';
import { pvcNames } from '../../render/names.ts';
import type { FleetDeps } from './deps.ts';

/**
 * Makes the node the owner of its PVCs: Kubernetes' garbage collector removes them once the node is gone and no pod uses
 * them any more. Only at this moment, because an owner that is set from the start would delete the data when the object
 * is deleted by hand; and before the deletion, so that a crash in between leaves nothing behind.
 */
export async function handOverVolumes(
  node: BlockchainNode,
  deps: Pick<FleetDeps, 'cluster' | 'watches' | 'runtime'>,
): Promise<void> {
  const { cluster, watches, runtime } = deps;
  const { name, uid } = node.metadata;
  if (uid === undefined) return;
  const owner = { apiVersion: API_VERSION, kind: 'BlockchainNode', name, uid, blockOwnerDeletion: false };
  const ours = new Set(pvcNames(node).map(({ pvc }) => pvc));
  for (const pvc of watches.owned(keyOf(node), 'PersistentVolumeClaim')) {
    if (!ours.has(pvc.metadata.name)) continue;
    const ref = refOf(pvc);
    runtime.log.info({ object: describeRef(ref), owner: uid }, 'Deleting volume with its node');
    try {
      await cluster.patch(ref, [
        { op: 'test', path: '/metadata/uid', value: pvc.metadata.uid },
        { op: 'add', path: '/metadata/ownerReferences', value: [owner] },
      ]);
    } catch (error) {
      if (codeOf(error) !== 'NOT_FOUND') throw error;
    }
  }
}
