// What a Restore reads from: by its record, which outlives its object. Who may push to the status branch can write any record, so
// the object of the job says more while it is there, and the cluster says what a VolumeSnapshot is.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { isFinal, type JobPhase } from '../../../api/job-phase.ts';
import type { VolumeSnapshotCopy } from '../../../api/job-status.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { whyOtherRepository } from '../../../jobs/kinds/object-storage.ts';
import type { RestoreSource, SourceSnapshot } from '../../../jobs/model/observation.ts';
import { type JobRecord, UNREADABLE } from '../../../jobs/requests/record.ts';
import { sourceKeyOf, sourceOf } from '../../../jobs/requests/restore-source.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';
import { defined } from '../../../lib/defined.ts';
import { textAt } from '../../../lib/json-value.ts';
import type { JobDeps } from '../deps.ts';
import { liveObjects } from './live-data.ts';
import { asReported } from './reported-record.ts';

type SourceDeps = Pick<JobDeps, 'records' | 'jobs' | 'settings'> & { readonly cluster: Pick<Cluster, 'get'> };

export async function observeSource(restore: JobObject, deps: SourceDeps): Promise<RestoreSource | undefined> {
  const key = restore.kind === 'Restore' ? sourceKeyOf(restore) : undefined;
  const record = key === undefined ? undefined : recordAt(key, restore, deps);
  if (record === undefined) return undefined;
  const object = deps.jobs.get(keyOf(record));
  const own = object?.metadata.uid === record.uid ? object : undefined;
  const reported = { ...asReported(record, own), phase: phaseOf(record, own) };
  const live = await liveObjects(reported, deps.cluster);
  const uids = new Map(live.map(({ metadata: { name, uid = '' } }) => [name, uid]));
  const { volumeSnapshots, ...source } = sourceOf(reported, uids);
  return {
    ...source,
    ...defined({
      otherRepository: otherRepository(reported, deps),
      volumeSnapshots: volumeSnapshots === undefined ? undefined : await asLive(volumeSnapshots, live, deps.cluster),
    }),
  };
}

function otherRepository({ namespace, objectStorage }: JobRecord, { settings }: SourceDeps): string | undefined {
  if (objectStorage === undefined) return undefined;
  return whyOtherRepository(objectStorage.repository, { executor: settings.executor, namespace });
}

function keyOf({ kind, namespace, name }: JobRecord): string {
  return jobKeyOf({ kind, metadata: { namespace, name } });
}

/**
 * As the controller remembers it, which a push by someone else does not change. Before anything has begun it must be on the branch
 * as well; what has begun ends with what it began with.
 */
function recordAt(key: string, { status }: JobObject, { records }: SourceDeps): JobRecord | undefined {
  const pushed = records.pushedAll().get(key);
  const onBranch = pushed === UNREADABLE ? undefined : pushed;
  const known = records.next(key);
  if (!['Pending', 'Claimed', 'Locked'].includes(status?.phase ?? 'Pending')) return known ?? onBranch;
  return onBranch === undefined || known === undefined || !isFinal(onBranch.phase) ? onBranch : known;
}

/** It has ended when its object says so, and when that is on record. */
function phaseOf({ phase }: JobRecord, object: JobObject | undefined): JobPhase {
  const said = object === undefined ? undefined : (object.status?.phase ?? 'Pending');
  if (said === undefined) return phase;
  if (isFinal(said)) return isFinal(phase) ? said : phase;
  return phase === 'Complete' ? said : phase;
}

/** Its size and driver are those that the cluster reports. */
async function asLive(
  copies: readonly VolumeSnapshotCopy[],
  live: readonly KubeObject[],
  cluster: SourceDeps['cluster'],
): Promise<readonly SourceSnapshot[]> {
  return await Promise.all(
    copies.map(async ({ volume, name, uid, storageClass }) => {
      const found = live.find(({ metadata }) => metadata.name === name);
      return {
        volume,
        name,
        uid,
        ...defined({
          notedClass: storageClass,
          restoreSize: textAt(found, ['status', 'restoreSize']),
          driver: found === undefined ? undefined : await driverOf(found, cluster),
        }),
      };
    }),
  );
}

/** Undefined without the right to read contents, which are in no namespace. */
async function driverOf(snapshot: KubeObject, cluster: SourceDeps['cluster']): Promise<string | undefined> {
  const name = textAt(snapshot, ['status', 'boundVolumeSnapshotContentName']);
  if (name === undefined) return undefined;
  const { apiVersion, kind } = KINDS.VolumeSnapshotContent;
  try {
    const content = await cluster.get({ apiVersion, kind, name });
    const isOwn = textAt(content, ['spec', 'volumeSnapshotRef', 'uid']) === snapshot.metadata.uid;
    return isOwn ? textAt(content, ['spec', 'driver']) : undefined;
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
}
