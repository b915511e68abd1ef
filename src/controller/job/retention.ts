// Retention: removes the data of a schedule's own backups that its `keep` does not keep, and the objects that stood for
// them; their records stay and say so.

import { API_VERSION } from '../../api/group.ts';
import { describeRef, type Ref } from '../../api/objects.ts';
import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import type { DesiredSchedule } from '../../desired/desired-set.ts';
import { jobKeyOf, type JobRequest } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { isProvenCopy, type JobRecord, UNREADABLE } from '../../jobs/requests/record.ts';
import { isOwnRun, whyForeign } from '../../jobs/requests/own-backup.ts';
import { type KeptBackup, retain } from '../../jobs/requests/retention.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { KINDS } from '../../kube/kinds.ts';
import { defined } from '../../lib/defined.ts';
import type { RequestsDeps } from './deps.ts';
import { keyOfRecord } from './record-reader.ts';
import { runsOf } from './schedules/schedule-runs.ts';
import { getServed, liveData, madeAt } from './storage/live-data.ts';
import { asReported, objectOfRecord, type ObjectsByKey, objectsByKey } from './storage/reported-record.ts';

export interface Retained {
  /** Of this controller. */
  readonly schedules: readonly DesiredSchedule[];
  /** All in Git. */
  readonly requests: readonly JobRequest[];
}

type RetentionDeps = Pick<RequestsDeps, 'cluster' | 'jobs' | 'records' | 'runtime'>;

/** Removes by UID, then writes it down; a crash in between repeats a removal that does nothing. True when a record changed. */
export async function applyRetention({ schedules, requests }: Retained, deps: RetentionDeps): Promise<boolean> {
  const keeping = schedules.filter(({ spec }) => spec.keep !== undefined);
  if (keeping.length === 0) return false;
  const known = { inUse: sourcesInUse(requests, deps), objects: objectsByKey(deps.jobs.list()) };
  let changed = false;
  for (const { name, namespace, spec } of keeping) {
    if (spec.keep === undefined) continue;
    const key = `${namespace}/${name}`;
    const backups: RecordedBackup[] = [];
    for (const run of runsOf(key, deps.records))
      backups.push(...(await asBackup(run, { schedule: { namespace, name }, ...known }, deps)));
    for (const { record, because } of await outdated({ schedule: key, keep: spec.keep, backups }, deps)) {
      if (!(await removeData(record, because, deps))) continue;
      deps.records.put(withoutData(record, because));
      changed = true;
    }
  }
  return changed;
}

interface RecordedBackup extends KeptBackup {
  readonly record: JobRecord;
}

interface Known {
  readonly schedule: { readonly namespace: string; readonly name: string };
  readonly inUse: ReadonlySet<string>;
  readonly objects: ObjectsByKey;
}

/**
 * While the object of a backup is there it says what the backup is, when it ended, and how; else its data says when it was made.
 * Who may write a record decides none of that.
 */
async function asBackup(
  record: JobRecord,
  { schedule, inUse, objects }: Known,
  { cluster }: Pick<RetentionDeps, 'cluster'>,
): Promise<readonly RecordedBackup[]> {
  const object = objectOfRecord(record, objects);
  const reported = asReported(record, object);
  if (!isBackupOf(schedule, reported) || !isFinal(record.phase)) return [];
  if (object !== undefined && !isFinal(object.status?.phase ?? 'Pending')) return [];
  return [
    {
      // Not the UID of the data, which another record may name as well.
      id: keyOfRecord(reported),
      record: reported,
      ...defined({ schedule: record.schedule }),
      isReported: object !== undefined,
      good: isProvenCopy(reported),
      // Where nothing is left of the data, only the record is at stake.
      at: (object === undefined ? await madeOnce(record, cluster) : undefined) ?? endOf(reported),
      inUse: inUse.has(keyOfRecord(reported)),
    },
  ];
}

function isBackupOf(schedule: Known['schedule'], record: JobRecord): boolean {
  return record.kind === 'Backup' && dataOf(record).length > 0 && isOwnRun(record, schedule);
}

/** Asked once for each record: what has a UID is made at one moment, and is never there again once it is gone. */
async function madeOnce(record: JobRecord, cluster: RetentionDeps['cluster']): Promise<number | undefined> {
  if (!made.has(record)) made.set(record, await madeAt(record, cluster));
  return made.get(record);
}

const made = new WeakMap<JobRecord, number | undefined>();

interface Rule {
  readonly schedule: string;
  readonly keep: NonNullable<JobScheduleSpec['keep']>;
  readonly backups: readonly RecordedBackup[];
}

interface Outdated {
  readonly record: JobRecord;
  readonly because: string;
}

/**
 * What the rule does not keep. One that it keeps in the place of others must be there: data can be deleted by hand. Costs no request
 * while there is nothing to remove.
 */
async function outdated(
  { schedule, keep, backups }: Rule,
  deps: Pick<RetentionDeps, 'cluster'>,
): Promise<readonly Outdated[]> {
  const removals = new Map(retain(schedule, keep, backups).map(({ id, because }) => [id, because]));
  if (removals.size === 0) return [];
  const counted = backups.filter(({ id, good, isReported }) => good && isReported && !removals.has(id));
  const isThere = await Promise.all(counted.map(async ({ record }) => await hasItsData(record, deps)));
  const absent = new Set(counted.filter((_, index) => isThere[index] === false));
  if (absent.size > 0)
    return await outdated({ schedule, keep, backups: backups.filter((one) => !absent.has(one)) }, deps);
  return backups.flatMap(({ id, record }) => {
    const because = removals.get(id);
    return because === undefined ? [] : [{ record, because }];
  });
}

/** All of it, as the job of the record made it. */
async function hasItsData(record: JobRecord, { cluster }: Pick<RetentionDeps, 'cluster'>): Promise<boolean> {
  const live = await liveData(record, cluster);
  return dataOf(record).every(({ ref, uid }) => live.get(ref.name) === uid);
}

interface Data {
  readonly ref: Ref;
  readonly uid: string;
}

/** The objects in the cluster that have the data of a backup. */
function dataOf({ namespace, claimName, claimUid, volumeSnapshots = [] }: JobRecord): readonly Data[] {
  const { apiVersion, kind } = KINDS.VolumeSnapshot;
  const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName ?? '' };
  return [
    ...(claimName === undefined || claimUid === undefined ? [] : [{ ref: pvc, uid: claimUid }]),
    ...volumeSnapshots.map(({ name, uid }) => ({ ref: { apiVersion, kind, namespace, name }, uid })),
  ];
}

/** False when one is not the one that the job created: what the status branch says is never enough to remove it. */
async function removeData(
  record: JobRecord,
  because: string,
  { cluster, runtime }: Pick<RetentionDeps, 'cluster' | 'runtime'>,
): Promise<boolean> {
  const all = dataOf(record);
  for (const { ref, uid } of all) {
    const live = await getServed(ref, cluster);
    const foreign = live === undefined ? undefined : whyForeign(record, uid, live);
    if (foreign === undefined) continue;
    if (!refused.has(record))
      runtime.log.warn({ object: describeRef(ref), reason: foreign }, 'Keeping object that a record names as a backup');
    refused.add(record);
    return false;
  }
  for (const { ref, uid } of all) {
    runtime.log.info({ object: describeRef(ref), reason: because }, 'Removing backup');
    await cluster.remove(ref, { uid, propagation: 'Background' });
  }
  // Thousands of objects for data that is gone would hide the backups that are there.
  if (record.uid !== undefined) await cluster.remove(objectOf(record), { uid: record.uid, propagation: 'Background' });
  return true;
}

/** Records whose data is not theirs: reported once each. */
const refused = new WeakSet<JobRecord>();

/** What requests read from, or will: those under way, and those in Git that have not ended, also before they have an object. */
function sourcesInUse(requests: readonly JobRequest[], { jobs, records }: RetentionDeps): ReadonlySet<string> {
  const underWay = jobs.list().filter((job) => !isFinal(job.status?.phase ?? 'Pending'));
  const asked = requests.filter((request) => {
    const record = records.pushedAll().get(jobKeyOf(request));
    return record === undefined || record === UNREADABLE || !isFinal(record.phase);
  });
  return new Set([...underWay, ...asked].flatMap((request) => sourceKeyOf(request) ?? []));
}

export function objectOf({ kind, namespace, name }: JobRecord): Ref {
  return { apiVersion: API_VERSION, kind, namespace, name };
}

/** The record of a backup that is gone: nothing can restore it by its name. */
export function withoutData(record: JobRecord, because: string): JobRecord {
  const { claimName: _name, claimUid: _uid, objectStorage: _stored, volumeSnapshots: _snapshots, ...rest } = record;
  const notes = [...(rest.notes ?? []), `its data was removed: ${because}`].slice(-8);
  return { ...rest, notes, dataRemoved: because };
}

function endOf({ endedAt }: JobRecord): number {
  return Date.parse(endedAt ?? '') || 0;
}
