// Gives a node's volumes to the node right before it is deleted, so that they go with it. Only for deletionPolicy Delete.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { API_VERSION } from '../../api/group.ts';
import { describeRef, keyOf, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { codeOf } from '../../lib/errors.ts';
import { claimNames } from '../../render/names.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { World } from '../node/watches.ts';

export interface HandOverOptions {
  readonly cluster: Cluster;
  readonly world: World;
  readonly runtime: Runtime;
}

/**
 * Makes the node the owner of its claims: Kubernetes' garbage collector removes them once the node is gone and no pod
 * uses them any more. Done at this moment only, because an owner that is set from the start would take the data along
 * when somebody deletes the object by hand; and before the deletion, so that a kill in between leaves nothing behind.
 */
export async function handOverVolumes(node: BlockchainNode, options: HandOverOptions): Promise<void> {
  const { cluster, world, runtime } = options;
  const { name, uid } = node.metadata;
  if (uid === undefined) return;
  const owner = { apiVersion: API_VERSION, kind: 'BlockchainNode', name, uid, blockOwnerDeletion: false };
  const ours = new Set(claimNames(node).map(({ claim }) => claim));
  for (const claim of world.parts(keyOf(node), 'PersistentVolumeClaim')) {
    if (!ours.has(claim.metadata.name)) continue;
    const ref = refOf(claim);
    runtime.log.info({ object: describeRef(ref), owner: uid }, 'Deleting volume with its node');
    try {
      await cluster.patch(ref, [
        { op: 'test', path: '/metadata/uid', value: claim.metadata.uid },
        { op: 'add', path: '/metadata/ownerReferences', value: [owner] },
      ]);
    } catch (error) {
      if (codeOf(error) !== 'NOT_FOUND') throw error;
    }
  }
}
