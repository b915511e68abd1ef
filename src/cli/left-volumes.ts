// PVCs of nodes that are gone: a deleted node leaves its volumes behind unless its deletionPolicy is Delete.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { LABEL } from '../api/group.ts';
import { keyOf, type KubeObject } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { defined } from '../lib/defined.ts';
import { textAt } from '../lib/json-value.ts';

/** With the label of a node that does not exist, by their keys; none without the permission to list PVCs. */
export async function leftVolumes(
  cluster: Pick<Cluster, 'list'>,
  nodes: readonly BlockchainNode[],
): Promise<readonly KubeObject[]> {
  const pvcs = await cluster.list(KINDS.PersistentVolumeClaim, { labelSelector: LABEL.node }).catch(() => []);
  const known = new Set(nodes.map(keyOf));
  return pvcs
    .filter((pvc) => pvc.metadata.deletionTimestamp === undefined && !known.has(nodeOf(pvc)))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function nodeOf({ metadata: { labels, namespace } }: KubeObject): string {
  return keyOf({ metadata: defined({ name: labels?.[LABEL.node] ?? '', namespace }) });
}

/** Of one PVC, with what uses it and what removes it. */
export function describeLeftVolume(pvc: KubeObject): string {
  const { name, namespace = '', labels } = pvc.metadata;
  const [chain, network] = [labels?.[LABEL.chain], labels?.[LABEL.network]];
  const size = textAt(pvc, ['spec', 'resources', 'requests', 'storage']);
  const content = [chain === undefined ? undefined : `${chain}/${network ?? '?'}`, size].filter(
    (part) => part !== undefined,
  );
  const held = content.length === 0 ? '' : ` (${content.join(', ')})`;
  return `the PVC ${keyOf(pvc)}${held} is of the node ${labels?.[LABEL.node] ?? ''}, which is gone. A new node of this name uses it again. If its data is not needed: kubectl -n ${namespace} delete pvc ${name}`;
}
