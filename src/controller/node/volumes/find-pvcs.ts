// The PVCs of a node as its status has to judge them: before one is said to be lost, the API server is asked.

import type { BlockchainNode, NodeStatus } from '../../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../../api/objects.ts';
import { hasCode } from '../../../lib/errors.ts';
import { pvcNames } from '../../../render/names.ts';
import type { NodeDeps } from '../deps.ts';

type FindDeps = Pick<NodeDeps, 'cluster' | 'watches'>;

/** No request while the watch shows each PVC that the node had. It does not show one that lost its label, or was made without. */
export async function findPvcs(node: BlockchainNode, { cluster, watches }: FindDeps): Promise<readonly KubeObject[]> {
  const watched = watches.owned(keyOf(node), 'PersistentVolumeClaim');
  const unseen = pvcNames(node).filter(
    ({ volume, pvc }) => !watched.some(({ metadata }) => metadata.name === pvc) && wasThere(node, volume, pvc),
  );
  const found = await Promise.all(unseen.map(async ({ pvc }) => await lookFor(pvc, node, cluster)));
  return [...watched, ...found.filter((pvc) => pvc !== undefined)];
}

function wasThere({ status }: BlockchainNode, volume: string, pvc: string): boolean {
  return (
    status?.volumes?.some(({ claim, uid }) => claim === pvc && uid !== undefined) === true ||
    status?.lostVolumes?.some(({ name }) => name === volume) === true
  );
}

async function lookFor(
  name: string,
  { metadata: { namespace = '' }, status }: BlockchainNode,
  cluster: FindDeps['cluster'],
): Promise<KubeObject | undefined> {
  try {
    return await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
  } catch (error) {
    if (!hasCode(error, 'FORBIDDEN')) throw error;
    const before = status?.volumes?.find(({ claim }) => claim === name);
    return before === undefined ? undefined : asBefore(before, namespace);
  }
}

/** One that may not be looked at is not lost. */
function asBefore(
  { claim, uid, phase, capacity, requested }: NonNullable<NodeStatus['volumes']>[number],
  namespace: string,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claim, namespace, ...(uid === undefined ? {} : { uid }) },
    spec: requested === undefined ? {} : { resources: { requests: { storage: requested } } },
    status: { phase, ...(capacity === undefined ? {} : { capacity: { storage: capacity } }) },
  };
}
