// What a job made beside its worker Jobs: VolumeSnapshots, and PVCs that are filled from some.

import { JOB_UID_LABEL, type JobObject } from '../../../api/job-object.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { madeName } from '../../../jobs/model/names.ts';
import type { ObservedMade } from '../../../jobs/model/observation.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';
import { defined } from '../../../lib/defined.ts';
import { member, textAt, valueAt } from '../../../lib/json-value.ts';
import { getServed } from './live-data.ts';
import { latestWarning } from '../warning-events.ts';

type MadeDeps = { readonly cluster: Pick<Cluster, 'get' | 'list'> };

/** By name. Undefined for a job that makes none. */
export async function observeMade(
  job: JobObject,
  isFromSnapshots: boolean,
  { cluster }: MadeDeps,
): Promise<ReadonlyMap<string, ObservedMade> | undefined> {
  const makesSnapshots = member(member(job.spec, 'destination'), 'volumeSnapshot') !== undefined;
  const kinds = new Set((job.status?.made ?? []).map(({ kind }) => kind));
  if (!makesSnapshots && !isFromSnapshots && kinds.size === 0) return undefined;
  const { apiVersion, kind } = makesSnapshots ? KINDS.VolumeSnapshot : KINDS.PersistentVolumeClaim;
  const { namespace = '' } = job.metadata;
  const found = await Promise.all(
    namesOf(job).map(async (name) => await getServed({ apiVersion, kind, namespace, name }, cluster)),
  );
  const live = found.filter((object) => object !== undefined);
  return new Map(
    await Promise.all(live.map(async (object) => [object.metadata.name, await readMade(object, cluster)] as const)),
  );
}

/** Also of an object that something else made under such a name. */
function namesOf({ kind, metadata: { namespace = '', name, uid = '' }, status }: JobObject): readonly string[] {
  const volumes = status?.targets?.[0]?.volumes ?? [];
  return volumes.map((_, index) => madeName({ kind, namespace, name, uid }, index));
}

async function readMade(object: KubeObject, cluster: MadeDeps['cluster']): Promise<ObservedMade> {
  const { name, uid = '', labels, deletionTimestamp } = object.metadata;
  const jobUid = labels?.[JOB_UID_LABEL];
  const isSnapshot = object.kind === KINDS.VolumeSnapshot.kind;
  const done = isSnapshot ? valueAt(object, ['status', 'readyToUse']) === true : isBound(object);
  const message = done ? undefined : await complaintAbout(object, cluster);
  return {
    kind: isSnapshot ? 'VolumeSnapshot' : 'PersistentVolumeClaim',
    name,
    uid,
    ready: done || !isSnapshot,
    going: deletionTimestamp !== undefined,
    figures: isSnapshot && done ? await figuresOf(object, cluster) : {},
    object,
    ...defined({ jobUid, message: message?.slice(0, 512) }),
  };
}

function isBound(pvc: KubeObject): boolean {
  return textAt(pvc, ['status', 'phase']) === 'Bound';
}

/** A CSI driver that makes a snapshot reports in its status; a class that is missing stands nowhere but in an Event. */
async function complaintAbout(object: KubeObject, cluster: MadeDeps['cluster']): Promise<string | undefined> {
  return textAt(object, ['status', 'error', 'message']) ?? (await latestWarning(object, cluster));
}

async function figuresOf(object: KubeObject, cluster: MadeDeps['cluster']): Promise<ObservedMade['figures']> {
  const content = textAt(object, ['status', 'boundVolumeSnapshotContentName']);
  return defined({
    className: textAt(object, ['spec', 'volumeSnapshotClassName']),
    restoreSize: textAt(object, ['status', 'restoreSize']),
    content,
    handle: content === undefined ? undefined : await handleOf(content, cluster),
  });
}

/** Contents are not in a namespace: a controller with rights in some namespaces alone does not see them. */
async function handleOf(name: string, cluster: MadeDeps['cluster']): Promise<string | undefined> {
  const { apiVersion, kind } = KINDS.VolumeSnapshotContent;
  try {
    return textAt(await cluster.get({ apiVersion, kind, name }), ['status', 'snapshotHandle']);
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
}
