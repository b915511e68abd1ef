// PVCs of nodes that are gone: a deleted node leaves its volumes behind unless its deletionPolicy is Delete.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { LABEL } from '../api/group.ts';
import { JOB_UID_LABEL, type JobObject, nodeKeyIn } from '../api/job-object.ts';
import { isFinal } from '../api/job-phase.ts';
import { keyOf, type KubeObject } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { defined } from '../lib/defined.ts';
import { hasEnded, isLabelledFor, volumeUsedBy } from '../controller/node/living-pods.ts';
import { textAt } from '../lib/json-value.ts';

export interface LeftVolume {
  readonly pvc: KubeObject;
  /** A pod that mounts it: the label of one that runs can be taken off, and it is not deleted with its node then. */
  readonly usedBy: KubeObject | undefined;
}

/** With the label of a node that does not exist, by their keys; none without the permission to list PVCs. */
export async function leftVolumes(
  cluster: Pick<Cluster, 'list'>,
  nodes: readonly BlockchainNode[],
): Promise<readonly LeftVolume[]> {
  const pvcs = await cluster.list(KINDS.PersistentVolumeClaim, { labelSelector: LABEL.node }).catch(() => []);
  const known = new Set(nodes.map(keyOf));
  const left = pvcs
    .filter((pvc) => pvc.metadata.deletionTimestamp === undefined && !known.has(nodeOf(pvc)))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const namespaces = [...new Set(left.map(({ metadata }) => metadata.namespace ?? ''))];
  const pods = await Promise.all(
    namespaces.map(async (namespace) => await cluster.list(KINDS.Pod, { namespace }).catch(() => [])),
  );
  const running = pods.flat().filter((pod) => !hasEnded(pod));
  return left.map((pvc) => ({ pvc, usedBy: running.find((pod) => isUsedBy(pvc, pod)) }));
}

function isUsedBy({ metadata }: KubeObject, pod: KubeObject): boolean {
  return pod.metadata.namespace === metadata.namespace && volumeUsedBy(pod, [{ claim: metadata.name }]) !== undefined;
}

function nodeOf({ metadata: { labels, namespace } }: KubeObject): string {
  return keyOf({ metadata: defined({ name: labels?.[LABEL.node] ?? '', namespace }) });
}

/** Of one PVC, with what uses it and what removes it. `jobs` is undefined without the permission to read them. */
export function describeLeftVolume({ pvc, usedBy }: LeftVolume, jobs: readonly JobObject[] | undefined): string {
  const { name, namespace = '', labels } = pvc.metadata;
  const node = labels?.[LABEL.node] ?? '';
  const gone = `the PVC ${keyOf(pvc)}${contentOf(pvc)} is of the node ${node}, which is gone`;
  const job = jobs === undefined ? workerOf(usedBy) : openJobOn({ pvc, usedBy }, jobs);
  if (job !== undefined) return `${gone}, and ${job} works on it: wait until that job has ended`;
  if (usedBy !== undefined) return `${gone}, and ${describeUse(usedBy, node)}`;
  return `${gone}. A new node of this name uses it again. If its data is not needed: kubectl -n ${namespace} delete pvc ${name}`;
}

function contentOf(pvc: KubeObject): string {
  const { labels } = pvc.metadata;
  const [chain, network] = [labels?.[LABEL.chain], labels?.[LABEL.network]];
  const size = textAt(pvc, ['spec', 'resources', 'requests', 'storage']);
  const content = [chain === undefined ? undefined : `${chain}/${network ?? '?'}`, size].filter(
    (part) => part !== undefined,
  );
  return content.length === 0 ? '' : ` (${content.join(', ')})`;
}

/** Deleting its worker would end its work, on what may be the last copy. */
function openJobOn({ pvc, usedBy }: LeftVolume, jobs: readonly JobObject[]): string | undefined {
  const worker = usedBy?.metadata.labels?.[JOB_UID_LABEL];
  const key = nodeOf(pvc);
  const job = jobs.find(
    (one) =>
      !isFinal(one.status?.phase ?? 'Pending') &&
      (one.metadata.uid === worker || one.status?.targets?.some(({ node }) => nodeKeyIn(one, node) === key) === true),
  );
  return job === undefined ? undefined : `${job.kind} ${keyOf(job)}`;
}

/** By its labels alone. */
function workerOf(pod: KubeObject | undefined): string | undefined {
  const { name, labels } = pod?.metadata ?? {};
  return labels?.[JOB_UID_LABEL] === undefined ? undefined : `the pod ${name} of the job ${labels[LABEL.job] ?? '?'}`;
}

function describeUse(pod: KubeObject, node: string): string {
  const { name, namespace = '' } = pod.metadata;
  const how = isLabelledFor(pod, node) ? 'uses it' : `runs on it without the labels of ${node}`;
  return `the pod ${name} still ${how}: delete that first (kubectl -n ${namespace} delete pod ${name})`;
}
