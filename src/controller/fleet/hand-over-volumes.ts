// Gives a node's volumes to the node right before it is deleted, so that they go with it. Only for deletionPolicy Delete.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { API_VERSION } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject, type OwnerReference, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
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
    runtime.log.info({ object: describeRef(refOf(pvc)), owner: uid }, 'Deleting volume with its node');
    await setOwners(pvc, [owner], cluster);
  }
}

/**
 * For a node that lives on, or leaves its volumes behind: a deletion with them may have begun and not happened, and the garbage
 * collector would remove them with the node. Asked of the API server: the watch may be behind what was given just now.
 */
export async function takeBackVolumes(
  node: BlockchainNode,
  { cluster, watches, runtime }: Pick<FleetDeps, 'cluster' | 'watches' | 'runtime'>,
): Promise<void> {
  const { namespace = '', uid } = node.metadata;
  const labelled = watches.owned(keyOf(node), 'PersistentVolumeClaim').map(({ metadata }) => metadata.name);
  for (const name of new Set([...pvcNames(node).map(({ pvc }) => pvc), ...labelled])) {
    const pvc = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
    const owners = pvc?.metadata.ownerReferences ?? [];
    const others = owners.filter((one) => one.uid !== uid);
    if (pvc === undefined || others.length === owners.length) continue;
    runtime.log.info({ object: describeRef(refOf(pvc)), owner: uid }, 'Keeping volume of node');
    await setOwners(pvc, others, cluster);
  }
}

async function setOwners(
  pvc: KubeObject,
  owners: readonly OwnerReference[],
  cluster: Pick<Cluster, 'patch'>,
): Promise<void> {
  try {
    await cluster.patch(refOf(pvc), [
      { op: 'test', path: '/metadata/uid', value: pvc.metadata.uid },
      { op: 'add', path: '/metadata/ownerReferences', value: owners },
    ]);
  } catch (error) {
    if (codeOf(error) !== 'NOT_FOUND') throw error;
  }
}
