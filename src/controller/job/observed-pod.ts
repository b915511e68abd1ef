// What a job observes of a pod.

import { JOB_UID_LABEL } from '../../api/job-object.ts';
import type { JobStatus } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { type JobIdentity, jobObjectName } from '../../jobs/model/names.ts';
import type { ObservedNode, ObservedPod } from '../../jobs/model/observation.ts';
import { defined } from '../../lib/defined.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import { describeUnlabelled, hasEnded, type UsedVolume, volumeUsedBy } from '../node/living-pods.ts';

export function observedPod(pod: KubeObject): ObservedPod {
  const conditions = valueAt(pod, ['status', 'conditions']);
  const ready =
    Array.isArray(conditions) &&
    conditions.some((one) => textAt(one, ['type']) === 'Ready' && textAt(one, ['status']) === 'True');
  const { deletionTimestamp } = pod.metadata;
  const runs = textAt(pod, ['status', 'phase']) === 'Running';
  const host = textAt(pod, ['spec', 'nodeName']);
  return {
    name: pod.metadata.name,
    ready,
    ...(runs ? {} : { pending: true }),
    ...(deletionTimestamp === undefined ? {} : { terminating: true }),
    ...defined({ host }),
  };
}

/** Of the volumes of a target: those PVCs that go when the pods end. */
export function goingPvcs(found: ObservedNode['found'], pvcs: readonly KubeObject[]): Pick<ObservedNode, 'goingPvcs'> {
  const claims = found.ok ? found.target.volumes.map(({ claim }) => claim) : [];
  const going = pvcs
    .filter(({ metadata: { name, deletionTimestamp } }) => deletionTimestamp !== undefined && claims.includes(name))
    .map(({ metadata }) => metadata.name);
  return going.length === 0 ? {} : { goingPvcs: going };
}

export interface PodsOfNode {
  readonly node: string;
  readonly volumes: readonly UsedVolume[];
  /** As its workload labels it. */
  readonly isOwn: (pod: KubeObject) => boolean;
  /** By its name. */
  readonly isNamed: (pod: KubeObject) => boolean;
  /** A worker pod of the job itself. */
  readonly isWorker: (pod: KubeObject) => boolean;
}

/** All pods of the namespace that are the node's or can use its volumes: those that its workload does not select come last. */
export function podsOfNode(pods: readonly KubeObject[], of: PodsOfNode): readonly ObservedPod[] {
  const others = pods.filter((pod) => !of.isOwn(pod) && !hasEnded(pod));
  return [...pods.filter((pod) => of.isOwn(pod)).map(observedPod), ...others.flatMap((pod) => strayPod(pod, of))];
}

function strayPod(pod: KubeObject, { node, volumes, isNamed, isWorker }: PodsOfNode): readonly ObservedPod[] {
  const { name, namespace = '' } = pod.metadata;
  if (isNamed(pod)) return [{ ...observedPod(pod), stray: describeUnlabelled(pod, node) }];
  const volume = isWorker(pod) ? undefined : volumeUsedBy(pod, volumes);
  if (volume === undefined) return [];
  const remedy = `end it (kubectl -n ${namespace} delete pod ${name})`;
  return [{ ...observedPod(pod), stray: `${name} uses the volume ${volume.claim} of ${node}: ${remedy}` }];
}

/** Name of the Kubernetes node that the pods are on. */
export function hostOf(pods: readonly KubeObject[]): string | undefined {
  return pods.map((pod) => textAt(pod, ['spec', 'nodeName'])).find((host) => host !== undefined);
}

/** Kubernetes cuts the name of a Job there before it adds five characters for a pod. */
const MAX_BASE = 58;

/**
 * Whether the pod is a worker pod of the job. Its label and its owner can be taken off while it runs; the name that Kubernetes gave it stays.
 * `works`: as far as they are on record.
 */
export function workerPodsOf(job: JobIdentity, works: NonNullable<JobStatus['works']>): (pod: KubeObject) => boolean {
  const names = new Set([jobObjectName(job), ...works.map(({ name }) => name)]);
  const uids = new Set(works.flatMap(({ uid }) => uid ?? []));
  const bases = [...names].map((name) => `${name}-`.slice(0, MAX_BASE));
  return ({ metadata: { name, labels, ownerReferences = [] } }) =>
    labels?.[JOB_UID_LABEL] === job.uid ||
    bases.some((base) => name.startsWith(base)) ||
    ownerReferences.some((owner) => uids.has(owner.uid) || (owner.kind === 'Job' && names.has(owner.name)));
}
