// The state of a managed node that a job works on: read from the API server, because a watch may be behind.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL, type JobObject, nodeKeyIn } from '../../api/job-object.ts';
import { type KubeObject, refOf } from '../../api/objects.ts';
import { findChain } from '../../chains/index.ts';
import { missingPvcs } from '../../jobs/layouts/missing-pvcs.ts';
import { readManaged } from '../../jobs/layouts/managed.ts';
import { replicasOf } from '../../jobs/layouts/read-workload.ts';
import type { ChainAnswers, ObservedHealth, ObservedNode } from '../../jobs/model/observation.ts';
import { KINDS } from '../../kube/kinds.ts';
import { defined } from '../../lib/defined.ts';
import type { Observations } from '../node/observations.ts';
import type { JobDeps } from './deps.ts';
import { isLabelledFor, isNamedAfter, isPodOf } from '../node/living-pods.ts';
import { goingPvcs, hostOf, type PodsOfNode, podsOfNode } from './observed-pod.ts';
import type { OpenedJob } from './opened-job.ts';

type ManagedDeps = Pick<JobDeps, 'cluster' | 'identities' | 'observations' | 'pauses' | 'watches'>;

export async function observeManaged({ job, open }: OpenedJob, name: string, deps: ManagedDeps): Promise<ObservedNode> {
  const { cluster, watches, pauses, observations } = deps;
  const namespace = job.metadata.namespace ?? '';
  const key = nodeKeyIn(job, name);
  const node = watches.nodes.get(key);
  const pods = await listPods(job, name, cluster);
  const statefulSet = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
  const health = healthOf(key, observations, node);
  const pvcs = watches.owned(key, 'PersistentVolumeClaim');
  const { missing, unwatched } =
    open.fillsVolumes === true ? await lookUpPvcs({ statefulSet, pvcs, name }, deps) : NONE;
  const left = pauses.leftBy(key, job.metadata.uid ?? '');
  const claimsOfOthers = await findClaimsOfOthers(job, { name, pvcs }, cluster);
  const found = readManaged({
    node,
    name,
    pvcs: [...pvcs, ...unwatched, ...missing],
    isIdle: isIdle(statefulSet, pauses.of(key)),
    ...defined({ host: hostOf(pods.filter((pod) => isPodOf(pod, name))), height: health?.height }),
    ...factsOf(node, deps),
  });
  return {
    found,
    ...goingPvcs(found, pvcs),
    pods: podsOfNode(pods, placeOf(job, name, [...pvcs, ...missingPvcs(statefulSet, pvcs)])),
    replicas: statefulSet === undefined ? 0 : replicasOf(statefulSet),
    paused: pauses.of(key) !== undefined,
    claimsOfOthers,
    ...defined({ leftPausedBy: left?.by, health, missingPvcs: missing.length === 0 ? undefined : missing }),
    ...(node === undefined ? {} : answersOf(node, job)),
  };
}

/** A pod without the labels matters until the node is started again: then it is the pod of the workload that is waited for. */
async function listPods(
  { metadata: { namespace = '' }, status }: JobObject,
  name: string,
  cluster: JobDeps['cluster'],
): Promise<readonly KubeObject[]> {
  const labelSelector = `${LABEL.node}=${name}`;
  return await cluster.list(KINDS.Pod, status?.phase === 'Starting' ? { namespace, labelSelector } : { namespace });
}

/** Its volumes by the watch, by the names that its StatefulSet gives them, and by what was found before it was stopped. */
function placeOf({ metadata, status }: JobObject, node: string, pvcs: readonly KubeObject[]): PodsOfNode {
  const before = status?.targets?.find((target) => target.node === node)?.volumes ?? [];
  return {
    node,
    volumes: [...pvcs.map((pvc) => ({ claim: pvc.metadata.name })), ...before.map(({ claim }) => ({ claim }))],
    isOwn: (pod) => isLabelledFor(pod, node),
    isNamed: (pod) => isNamedAfter(pod, node),
    // Before it has begun its work it has none.
    isWorker: (pod) =>
      (status?.works ?? []).length > 0 && pod.metadata.labels?.[JOB_UID_LABEL] === (metadata.uid ?? ''),
  };
}

interface LookedUp {
  readonly missing: readonly KubeObject[];
  /** There, perhaps without the label of the node: made by hand, or restored by a tool. Its StatefulSet uses them by their names. */
  readonly unwatched: readonly KubeObject[];
}

const NONE: LookedUp = { missing: [], unwatched: [] };

interface NodePvcs extends Pick<ManagedInput, 'name' | 'pvcs'> {
  readonly statefulSet: KubeObject | undefined;
}

/** Those that its StatefulSet names and `pvcs` lacks: watches show labelled PVCs, and those a moment late. */
export async function lookUpPvcs(
  { statefulSet, pvcs, name }: NodePvcs,
  { cluster }: Pick<ManagedDeps, 'cluster'>,
): Promise<LookedUp> {
  const candidates = missingPvcs(statefulSet, pvcs);
  const found = await Promise.all(candidates.map(async (pvc) => ({ pvc, live: await cluster.get(refOf(pvc)) })));
  return {
    missing: found.filter(({ live }) => live === undefined).map(({ pvc }) => pvc),
    // One that another node has by the same name is neither.
    unwatched: found.flatMap(({ live }) => (live !== undefined && isOf(live, name) ? [live] : [])),
  };
}

/** Nothing asks for a pod of the node. `pause`: by a job, which may start it. */
export function isIdle(statefulSet: KubeObject | undefined, pause: unknown): boolean {
  return pause === undefined && (statefulSet === undefined || replicasOf(statefulSet) === 0);
}

function isOf({ metadata: { labels } }: KubeObject, name: string): boolean {
  return (labels?.[LABEL.node] ?? name) === name;
}

/** The watch has only PVCs with the label of a node. */
async function findClaimsOfOthers(
  { metadata: { namespace = '' }, status }: JobObject,
  { name, pvcs }: Pick<ManagedInput, 'name' | 'pvcs'>,
  cluster: JobDeps['cluster'],
): Promise<readonly string[]> {
  const volumes = status?.targets?.find(({ node }) => node === name)?.volumes ?? [];
  const unknown = volumes.filter(({ claim }) => !pvcs.some(({ metadata }) => metadata.name === claim));
  const others = unknown.map(async ({ claim }) => {
    const live = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim });
    return live === undefined || live.metadata.labels?.[LABEL.node] === name ? [] : [claim];
  });
  return (await Promise.all(others)).flat();
}

type ManagedInput = Parameters<typeof readManaged>[0];

/** What the description of the chain adds: the owner of the data, the images, the chain id. */
function factsOf(
  node: BlockchainNode | undefined,
  { identities }: ManagedDeps,
): Pick<ManagedInput, 'uid' | 'gid' | 'images' | 'chainId' | 'identity'> {
  const chain = node === undefined ? undefined : findChain(node.spec.chain);
  if (node === undefined || chain === undefined) return { uid: 0, gid: 0, images: [] };
  const { uid, gid, containers } = chain.workload(node);
  const [chainId] = [...chain.expectations(node).values()].flatMap((expected) => expected.chainId ?? []);
  return {
    uid,
    gid,
    images: containers.map(({ image }) => image),
    ...defined({ chainId, identity: identities.of(node) }),
  };
}

/** What the chain says about the job's height; absent for a chain that supports no jobs. */
function answersOf(node: BlockchainNode, job: JobObject): { readonly answers?: ChainAnswers } {
  const jobs = findChain(node.spec.chain)?.jobs;
  if (jobs === undefined) return {};
  const height = job.spec['blockHeight'];
  return {
    answers: {
      identityFiles: jobs.identityFiles(node),
      signerState: jobs.signerState(node),
      databaseMarkers: jobs.databaseMarkers(node),
      switchover: jobs.switchover(node),
      ...(typeof height === 'number'
        ? { rollback: jobs.rollback(node, height), snapshot: jobs.snapshot(node, height) }
        : {}),
    },
  };
}

function healthOf(
  key: string,
  observations: Observations,
  node: BlockchainNode | undefined,
): ObservedHealth | undefined {
  const facts = [...observations.of(key).facts.values()];
  if (facts.length === 0) return undefined;
  const holder = facts.find(({ height }) => height !== undefined);
  return {
    answering: facts.every(({ reach }) => reach === 'answering'),
    ...defined({ height: holder?.height, synced: node?.status?.synced }),
  };
}
