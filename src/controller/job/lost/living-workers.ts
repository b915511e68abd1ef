// Pods that may still work on the data of a job whose object is gone. Labels and owners can be taken off a pod that runs; its name and its
// volumes cannot be changed.

import { JOB_UID_LABEL } from '../../../api/job-object.ts';
import { keyOf, type KubeObject } from '../../../api/objects.ts';
import type { LockNote, NotedNode } from '../../../jobs/model/effect.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { hasEnded, isNamedAfter, type UsedVolume, volumeUsedBy } from '../../node/living-pods.ts';
import { workerPodsOf } from '../observed-pod.ts';
import type { EffectDeps } from '../perform-effect.ts';
import type { KeptJob } from '../records/status-copies.ts';

export interface LostWork {
  readonly namespace: string;
  readonly note: LockNote;
  /** Where there is one: it has the Jobs that were on record, and the volumes. */
  readonly kept?: KeptJob | undefined;
}

export interface LivingWorker {
  readonly name: string;
  /** What an operator does about one that is not seen to be a worker pod of the job: it may never end by itself. */
  readonly remedy?: string;
}

/** Asked of the API server, because the watch shows only what has the label. */
export async function livingWorkers(
  work: LostWork,
  { cluster, watches }: Pick<EffectDeps, 'cluster' | 'watches'>,
): Promise<readonly LivingWorker[]> {
  const { namespace, note } = work;
  const pods = (await cluster.list(KINDS.Pod, { namespace })).filter((pod) => !hasEnded(pod));
  const isWorker = workerOf(work);
  const volumes = note.nodes.flatMap(({ node }) => volumesOf(node, work, watches));
  return pods.flatMap((pod) => {
    const { name } = pod.metadata;
    if (isWorker(pod) && pod.metadata.labels?.[JOB_UID_LABEL] === note.uid) return [{ name }];
    const isUser = volumeUsedBy(pod, volumes) !== undefined && !note.nodes.some((node) => isOwnPod(pod, node));
    if (!isWorker(pod) && !isUser) return [];
    return [{ name, remedy: `end it (kubectl -n ${namespace} delete pod ${name})` }];
  });
}

function workerOf({ namespace, note: { uid, job }, kept }: LostWork): (pod: KubeObject) => boolean {
  const [kind = '', path = ''] = job.split(' ');
  const name = path.split('/').at(-1) ?? '';
  return workerPodsOf({ kind, namespace, name, uid }, kept?.status.works ?? []);
}

/** What was found before the node was stopped; without that, what the watch shows of a managed node. */
function volumesOf(node: string, { namespace, kept }: LostWork, watches: EffectDeps['watches']): readonly UsedVolume[] {
  const known = kept?.status.targets?.find((target) => target.node === node)?.volumes ?? [];
  const key = keyOf({ metadata: { name: node, namespace } });
  const owned = watches.owned(key, 'PersistentVolumeClaim').map(({ metadata }) => ({ claim: metadata.name }));
  return [...known, ...owned];
}

/** By its name, which is that of the workload and an end that Kubernetes chooses. */
function isOwnPod(pod: KubeObject, { node, workload }: NotedNode): boolean {
  return workload.kind === 'BlockchainNode'
    ? isNamedAfter(pod, node)
    : pod.metadata.name.startsWith(`${workload.name}-`);
}

/** `pod a, and pod b: end it (…)`: what keeps the nodes stopped. */
export function describeLiving(workers: readonly LivingWorker[]): string {
  return workers.map(({ name, remedy }) => `pod ${name}${remedy === undefined ? '' : ` (${remedy})`}`).join(', ');
}
