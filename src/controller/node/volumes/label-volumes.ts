// Says on each PVC whose data it holds: a later node of the same name is judged by that.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { LABEL } from '../../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../../api/objects.ts';
import { hasCode } from '../../../lib/errors.ts';
import { pvcAnnotations } from '../../../render/pod-volumes.ts';
import { pvcNames } from '../../../render/names.ts';
import type { NodeDeps } from '../deps.ts';

/**
 * Only PVCs of older versions, PVCs that were given to the node by hand, and those whose client was exchanged after an
 * approval: the StatefulSet makes the others with labels and annotation. Never changes a chain or network that is there.
 */
export async function labelVolumes(
  node: BlockchainNode,
  { cluster, watches, runtime }: Pick<NodeDeps, 'cluster' | 'watches' | 'runtime'>,
): Promise<void> {
  const ours = new Set(pvcNames(node).map(({ pvc }) => pvc));
  for (const pvc of watches.owned(keyOf(node), 'PersistentVolumeClaim')) {
    const missing = ours.has(pvc.metadata.name) ? missingIn(pvc, node) : [];
    if (missing.length === 0 || pvc.metadata.deletionTimestamp !== undefined) continue;
    const ref = refOf(pvc);
    runtime.log.info({ object: describeRef(ref) }, 'Labelling volume');
    try {
      await cluster.patch(ref, [{ op: 'test', path: '/metadata/uid', value: pvc.metadata.uid }, ...missing]);
    } catch (error) {
      // It is tried again with the next change of the node.
      if (!hasCode(error, 'NOT_FOUND', 'FORBIDDEN', 'INVALID')) throw error;
    }
  }
}

interface Addition {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

function missingIn({ metadata }: KubeObject, node: BlockchainNode): readonly Addition[] {
  const labels = metadata.labels ?? {};
  const content = { [LABEL.chain]: node.spec.chain, [LABEL.network]: node.spec.network };
  const unlabelled = Object.entries(content).filter(([name]) => labels[name] === undefined);
  const changed = Object.entries(pvcAnnotations(node)).filter(
    ([name, value]) => metadata.annotations?.[name] !== value,
  );
  return [
    ...unlabelled.map(([name, value]) => addition('labels', name, value)),
    ...(metadata.annotations === undefined && changed.length > 0
      ? [{ op: 'add' as const, path: '/metadata/annotations', value: {} }]
      : []),
    ...changed.map(([name, value]) => addition('annotations', name, value)),
  ];
}

function addition(where: 'labels' | 'annotations', name: string, value: string): Addition {
  return { op: 'add', path: `/metadata/${where}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
}
