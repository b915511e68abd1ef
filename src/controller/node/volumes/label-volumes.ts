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

/**
 * A PVC without the label of its node is not watched: jobs and guards would take the node for one without data. It is given the
 * label again when it is the very one that the status of the node records, and still says whose data it holds.
 */
export async function restoreLabels(
  node: BlockchainNode,
  deps: Pick<NodeDeps, 'cluster' | 'watches' | 'runtime' | 'events'>,
): Promise<void> {
  const watched = new Set(
    deps.watches.owned(keyOf(node), 'PersistentVolumeClaim').map(({ metadata }) => metadata.name),
  );
  const known = new Map(node.status?.volumes?.map(({ claim, uid }) => [claim, uid]));
  for (const { pvc } of pvcNames(node)) {
    const uid = known.get(pvc);
    if (uid !== undefined && !watched.has(pvc)) await restoreLabel(node, { name: pvc, uid }, deps);
  }
}

async function restoreLabel(
  node: BlockchainNode,
  { name, uid }: { readonly name: string; readonly uid: string },
  { cluster, runtime, events }: Pick<NodeDeps, 'cluster' | 'runtime' | 'events'>,
): Promise<void> {
  const { namespace = '' } = node.metadata;
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
  const live = await cluster.get(ref);
  if (live === undefined || live.metadata.uid !== uid || !hasLostLabel(live, node)) return;
  const object = describeRef(ref);
  runtime.log.info({ object }, 'Giving a volume the label of its node again');
  await cluster.patch(ref, [
    { op: 'test', path: '/metadata/uid', value: uid },
    addition('labels', LABEL.node, node.metadata.name),
  ]);
  runtime.telemetry.repaired(live.kind);
  const message = `${object} had lost the label ${LABEL.node}. Put back.`;
  events.emit({ about: node, type: 'Normal', reason: 'DriftRepaired', message });
}

function hasLostLabel({ metadata: { labels, deletionTimestamp } }: KubeObject, { spec }: BlockchainNode): boolean {
  const isOfContent = labels?.[LABEL.chain] === spec.chain && labels[LABEL.network] === spec.network;
  return isOfContent && labels[LABEL.node] === undefined && deletionTimestamp === undefined;
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
