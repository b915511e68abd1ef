// Looks at the nodes a job works on: as they are in the cluster this moment, not as a watch last told.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { JobObject } from '../../api/job-object.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { findChain } from '../../chains/index.ts';
import type { OpenJob } from '../../jobs/model/job-kind.ts';
import { layoutOf } from '../../jobs/layouts/index.ts';
import type { Layout } from '../../jobs/layouts/layout.ts';
import { readManaged } from '../../jobs/layouts/managed.ts';
import { replicasOf } from '../../jobs/layouts/read-workload.ts';
import type { ChainAnswers, ObservedHealth, ObservedPod, ObservedNode } from '../../jobs/model/observation.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';
import { askForeign } from './foreign-height.ts';
import type { Identities } from '../node/identities.ts';
import type { JobHolds } from '../node/pauses.ts';
import type { Notes } from '../node/observations.ts';
import type { World } from '../node/watches.ts';

export interface TargetRooms {
  readonly cluster: Cluster;
  readonly world: World;
  readonly notes: Notes;
  readonly holds: JobHolds;
  readonly identities: Identities;
}

/** Every node the request names, by name. Nodes of other tools are asked for their height only while `asking` is given. */
export async function lookAtTargets(
  job: JobObject,
  open: OpenJob,
  rooms: TargetRooms,
  asking: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ObservedNode>> {
  const layout = layoutOf(open.common.deployMethod);
  const entries = await Promise.all(
    open.nodes.map(
      async (node) =>
        [
          node,
          layout === undefined
            ? await lookAtManaged(job, node, rooms)
            : await lookAtForeign({ job, node, layout, chain: open.common.chain ?? '', asking }, rooms),
        ] as const,
    ),
  );
  return new Map(entries);
}

async function lookAtManaged(job: JobObject, name: string, rooms: TargetRooms): Promise<ObservedNode> {
  const { cluster, world, holds } = rooms;
  const namespace = job.metadata.namespace ?? '';
  const key = `${namespace}/${name}`;
  const node = world.nodes.get(key);
  const pods = await cluster.list(KINDS.Pod, { namespace, labelSelector: `${LABEL.node}=${name}` });
  const statefulSet = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
  const health = healthOf(key, rooms.notes, node);
  const pvcs = world.parts(key, 'PersistentVolumeClaim');
  const left = holds.leftBy(key, job.metadata.uid ?? '');
  return {
    found: readManaged(
      withoutAbsent({ node, name, pvcs, host: hostOf(pods), height: health?.height, ...factsOf(node, rooms) }),
    ),
    pods: pods.map(observedPod),
    replicas: statefulSet === undefined ? 0 : replicasOf(statefulSet),
    held: holds.of(key) !== undefined,
    ...(left === undefined ? {} : { leftHeldBy: left.by }),
    ...(health === undefined ? {} : { health }),
    ...(node === undefined ? {} : answersOf(node, job)),
  };
}

type ManagedInput = Parameters<typeof readManaged>[0];

/** What the chain's own description adds: who owns the data, which images, which chain id. */
function factsOf(
  node: BlockchainNode | undefined,
  { identities }: TargetRooms,
): Pick<ManagedInput, 'uid' | 'gid' | 'images'> & { chainId?: string | undefined; identity?: string | undefined } {
  const chain = node === undefined ? undefined : findChain(node.spec.chain);
  if (node === undefined || chain === undefined) return { uid: 0, gid: 0, images: [] };
  const { uid, gid, containers } = chain.workload(node);
  const [chainId] = [...chain.expectations(node).values()].flatMap((expected) => expected.chainId ?? []);
  return { uid, gid, images: containers.map(({ image }) => image), chainId, identity: identities.of(node) };
}

/** Optional facts are left out rather than undefined. */
function withoutAbsent(
  facts: Omit<ManagedInput, 'host' | 'height' | 'chainId' | 'identity'> & {
    readonly [Key in 'host' | 'chainId' | 'identity']?: string | undefined;
  } & { readonly height: number | undefined },
): ManagedInput {
  const { host, height, chainId, identity, ...rest } = facts;
  return {
    ...rest,
    ...(host === undefined ? {} : { host }),
    ...(height === undefined ? {} : { height }),
    ...(chainId === undefined ? {} : { chainId }),
    ...(identity === undefined ? {} : { identity }),
  };
}

/** What the chain says of this request's height; nothing for a chain that has no word on jobs. */
function answersOf(node: BlockchainNode, job: JobObject): { readonly answers?: ChainAnswers } {
  const jobs = findChain(node.spec.chain)?.jobs;
  if (jobs === undefined) return {};
  const height = job.spec['blockHeight'];
  return {
    answers: {
      identityFiles: jobs.identityFiles(node),
      signerState: jobs.signerState(node),
      switchover: jobs.switchover(node),
      ...(typeof height === 'number'
        ? { rollback: jobs.rollback(node, height), snapshot: jobs.snapshot(node, height) }
        : {}),
    },
  };
}

function healthOf(key: string, notes: Notes, node: BlockchainNode | undefined): ObservedHealth | undefined {
  const facts = [...notes.of(key).facts.values()];
  if (facts.length === 0) return undefined;
  const holder = facts.find(({ height }) => height !== undefined);
  return {
    answering: facts.every(({ reach }) => reach === 'answering'),
    ...(holder?.height === undefined ? {} : { height: holder.height }),
    ...(node?.status?.synced === undefined ? {} : { synced: node.status.synced }),
  };
}

interface ForeignPlace {
  readonly job: JobObject;
  readonly node: string;
  readonly layout: Layout;
  readonly chain: string;
  readonly asking: AbortSignal | undefined;
}

async function lookAtForeign(
  { job, node, layout, chain, asking }: ForeignPlace,
  { cluster }: TargetRooms,
): Promise<ObservedNode> {
  const namespace = job.metadata.namespace ?? '';
  const workload = await cluster.get({ ...layout.workload({ chain, node }), namespace });
  const pvcs = await cluster.list(KINDS.PersistentVolumeClaim, { namespace });
  const selector = valueAt(workload, ['spec', 'selector', 'matchLabels']);
  const labels = isObject(selector) ? Object.entries(selector).map(([name, value]) => `${name}=${String(value)}`) : [];
  const pods = labels.length === 0 ? [] : await cluster.list(KINDS.Pod, { namespace, labelSelector: labels.join(',') });
  const host = hostOf(pods);
  const own = pods.filter(({ metadata }) => layout.isPodOf(node, metadata.name));
  const health = asking === undefined ? undefined : await askForeign(own, asking);
  const objects = {
    workload,
    pvcs: new Map(pvcs.map((pvc) => [pvc.metadata.name, pvc])),
    ...(host === undefined ? {} : { host }),
    ...(health?.height === undefined ? {} : { height: health.height }),
  };
  return {
    found: layout.read({ chain, node }, objects),
    pods: pods.map(observedPod),
    replicas: workload === undefined ? undefined : replicasOf(workload),
    held: false,
    ...(health === undefined ? {} : { health }),
  };
}

function observedPod(pod: KubeObject): ObservedPod {
  const conditions = valueAt(pod, ['status', 'conditions']);
  const ready =
    Array.isArray(conditions) &&
    conditions.some((one) => textAt(one, ['type']) === 'Ready' && textAt(one, ['status']) === 'True');
  const host = textAt(pod, ['spec', 'nodeName']);
  return { name: pod.metadata.name, ready, ...(host === undefined ? {} : { host }) };
}

function hostOf(pods: readonly KubeObject[]): string | undefined {
  return pods.map((pod) => textAt(pod, ['spec', 'nodeName'])).find((host) => host !== undefined);
}

/** Key of a node in the namespace of a request. */
export function nodeKeyIn(job: JobObject, node: string): string {
  return keyOf({
    metadata: { name: node, ...(job.metadata.namespace === undefined ? {} : { namespace: job.metadata.namespace }) },
  });
}
