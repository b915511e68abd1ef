// The PVCs of a node as plans and guards see them.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import { clientsOfText, type LiveVolume } from '../api/node-volumes.ts';
import type { KubeObject } from '../api/objects.ts';
import { defined } from '../lib/defined.ts';
import { textAt } from '../lib/json-value.ts';
import { pvcNames } from './names.ts';

/** Those of `pvcs` that a pod of the node would mount. */
export function liveVolumes(
  node: Pick<BlockchainNode, 'metadata' | 'spec'>,
  pvcs: readonly KubeObject[],
): readonly LiveVolume[] {
  return pvcNames(node).flatMap(({ volume, pvc }) => {
    const live = pvcs.find(({ metadata }) => metadata.name === pvc);
    return live?.metadata.uid === undefined ? [] : [liveVolume(volume, live)];
  });
}

function liveVolume(name: string, pvc: KubeObject): LiveVolume {
  const { metadata } = pvc;
  return {
    name,
    pvc: metadata.name,
    uid: metadata.uid ?? '',
    ...defined({
      createdAt: textAt(pvc, ['metadata', 'creationTimestamp']),
      size: textAt(pvc, ['spec', 'resources', 'requests', 'storage']),
      storageClass: textAt(pvc, ['spec', 'storageClassName']),
      chain: metadata.labels?.[LABEL.chain],
      network: metadata.labels?.[LABEL.network],
      clients: clientsOfText(metadata.annotations?.[ANNOTATION.clients]),
    }),
    ...(metadata.deletionTimestamp === undefined ? {} : { isGoing: true }),
  };
}
