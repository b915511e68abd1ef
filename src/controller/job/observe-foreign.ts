// The state of a node that another tool deployed, read from the API server.

import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import { JOB_UID_LABEL, type JobObject } from '../../api/job-object.ts';
import type { Layout, LayoutObjects } from '../../jobs/layouts/layout.ts';
import { replicasOf } from '../../jobs/layouts/read-workload.ts';
import type { ObservedNode } from '../../jobs/model/observation.ts';
import { KINDS } from '../../kube/kinds.ts';
import { defined } from '../../lib/defined.ts';
import { isObject, valueAt } from '../../lib/json-value.ts';
import type { JobDeps } from './deps.ts';
import { askForeignHeight } from './foreign-height.ts';
import { goingPvcs, hostOf, type PodsOfNode, podsOfNode } from './observed-pod.ts';

export interface ForeignNode {
  readonly job: JobObject;
  readonly node: string;
  readonly layout: Layout;
  readonly chain: string;
  /** Given: the node is asked for its height, until the signal aborts. */
  readonly asking: AbortSignal | undefined;
}

/** Whether it can be a target, from its workload and the PVCs of its namespace alone. */
export async function findForeign(
  place: Omit<ForeignNode, 'asking'>,
  deps: Pick<JobDeps, 'cluster'>,
): Promise<ObservedNode['found']> {
  const { workload, pvcs } = await readObjects(place, deps);
  return managedBy(workload) ?? place.layout.read(place, { workload, pvcs });
}

async function readObjects(
  { job: { metadata }, node, layout, chain }: Omit<ForeignNode, 'asking'>,
  { cluster }: Pick<JobDeps, 'cluster'>,
): Promise<Pick<LayoutObjects, 'workload' | 'pvcs'>> {
  const { namespace = '' } = metadata;
  const workload = await cluster.get({ ...layout.workload({ chain, node }), namespace });
  const pvcs = await cluster.list(KINDS.PersistentVolumeClaim, { namespace });
  return { workload, pvcs: new Map(pvcs.map((pvc) => [pvc.metadata.name, pvc])) };
}

export async function observeForeign(foreign: ForeignNode, deps: Pick<JobDeps, 'cluster'>): Promise<ObservedNode> {
  const { job, node, layout, chain, asking } = foreign;
  const namespace = job.metadata.namespace ?? '';
  const { workload, pvcs } = await readObjects(foreign, deps);
  const selector = valueAt(workload, ['spec', 'selector', 'matchLabels']);
  const labels = isObject(selector) ? Object.entries(selector) : [];
  const isOwn = ({ metadata }: KubeObject): boolean =>
    labels.length > 0 && labels.every(([name, value]) => metadata.labels?.[name] === value);
  const listed = await deps.cluster.list(KINDS.Pod, { namespace, ...selectorOf(job, labels) });
  const pods = listed.filter(isOwn);
  const own = pods.filter(({ metadata }) => layout.isPodOf(node, metadata.name));
  const health = asking === undefined ? undefined : await askForeignHeight(own, asking);
  const objects = {
    workload,
    pvcs,
    ...defined({ host: hostOf(pods), height: health?.height }),
  };
  const found = managedBy(workload) ?? layout.read({ chain, node }, objects);
  return {
    found,
    pods: podsOfNode(listed, { node, isOwn, ...placeOf(found, node, job) }),
    replicas: workload === undefined ? undefined : replicasOf(workload),
    paused: false,
    ...defined({ health }),
    ...goingPvcs(found, [...pvcs.values()]),
  };
}

/** All pods of the namespace, until the node is started again. */
function selectorOf(
  { status }: JobObject,
  labels: readonly (readonly [string, unknown])[],
): { readonly labelSelector?: string } {
  if (status?.phase !== 'Starting' || labels.length === 0) return {};
  return { labelSelector: labels.map(([name, value]) => `${name}=${String(value)}`).join(',') };
}

/** Pods of other tools have names that say little: the volumes say whose they are. */
function placeOf(
  found: ObservedNode['found'],
  node: string,
  { metadata, status }: JobObject,
): Pick<PodsOfNode, 'volumes' | 'isNamed' | 'isWorker'> {
  const target = status?.targets?.find((one) => one.node === node) ?? (found.ok ? found.target : undefined);
  return {
    volumes: status?.phase === 'Starting' ? [] : (target?.volumes ?? []),
    isNamed: () => false,
    isWorker: (pod) =>
      (status?.works ?? []).length > 0 && pod.metadata.labels?.[JOB_UID_LABEL] === (metadata.uid ?? ''),
  };
}

/** A managed node's own workload is stopped and started by the controller alone: the job has to name the node as managed. */
function managedBy(workload: KubeObject | undefined): ObservedNode['found'] | undefined {
  const owner = workload?.metadata.labels?.[LABEL.node];
  if (workload === undefined || owner === undefined) return undefined;
  const message = `${workload.kind} ${workload.metadata.name} belongs to the managed node ${owner}: remove spec.deployMethod, and name that node`;
  return { ok: false, reason: 'NotSupported', message };
}
