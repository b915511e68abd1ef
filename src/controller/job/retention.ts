// Retention: removes the data of a schedule's own backups that its `keep` does not keep, and the objects that stood for
// them; their records stay and say so.

import { API_VERSION } from '../../api/group.ts';
import { describeRef, type Ref } from '../../api/objects.ts';
import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import type { DesiredSchedule } from '../../desired/desired-set.ts';
import { type JobObject, jobKeyOf, type JobRequest } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { isProvenCopy, type JobRecord, recordOf, UNREADABLE } from '../../jobs/requests/record.ts';
import { isOwnRun, whyForeign } from '../../jobs/requests/own-backup.ts';
import { type KeptBackup, retain } from '../../jobs/requests/retention.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { KINDS } from '../../kube/kinds.ts';
import { defined } from '../../lib/defined.ts';
import type { RequestsDeps } from './deps.ts';
import { runsOf } from './schedules/schedule-runs.ts';
import { getServed, liveData } from './storage/live-data.ts';

export interface Retained {
  /** Of this controller. */
  readonly schedules: readonly DesiredSchedule[];
  /** All in Git. */
  readonly requests: readonly JobRequest[];
}

type RetentionDeps = Pick<RequestsDeps, 'cluster' | 'jobs' | 'records' | 'runtime'>;

/** Removes by UID, then writes it down; a crash in between repeats a removal that does nothing. True when a record changed. */
export async function applyRetention({ schedules, requests }: Retained, deps: RetentionDeps): Promise<boolean> {
  const inUse = sourcesInUse(requests, deps);
  let changed = false;
  for (const { name, namespace, spec } of schedules) {
    if (spec.keep === undefined) continue;
    const key = `${namespace}/${name}`;
    const runs = runsOf(key, deps.records).filter((record) => isOwnRun(record, { namespace, name }));
    const backups = runs.flatMap((record) => asBackup(record, inUse));
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

interface Rule {
  readonly schedule: string;
  readonly keep: NonNullable<JobScheduleSpec['keep']>;
  readonly backups: readonly RecordedBackup[];
}

interface Outdated {
  readonly record: JobRecord;
  readonly because: string;
}

/** What the rule does not keep. Costs nothing while there is nothing to remove by the records. */
async function outdated(rule: Rule, deps: Pick<RetentionDeps, 'cluster' | 'jobs'>): Promise<readonly Outdated[]> {
  if (retain(rule.schedule, rule.keep, rule.backups).length === 0) return [];
  const objects = new Map(deps.jobs.list().map((job) => [job.metadata.uid, job]));
  const backups = rule.backups.flatMap((backup) => asObjectSays(backup, objects.get(backup.record.uid)));
  return await withoutAbsent({ ...rule, backups }, deps);
}

/** While the object of a backup is there it says when that ended, and how: who may write a record decides neither. */
function asObjectSays(backup: RecordedBackup, object: JobObject | undefined): readonly RecordedBackup[] {
  if (object === undefined) return [backup];
  if (!isFinal(object.status?.phase ?? 'Pending')) return [];
  const reported = recordOf(backup.record, object);
  return [{ ...backup, good: isProvenCopy(reported), at: endOf(reported) }];
}

/**
 * One that the rule keeps in the place of others must be there: who may write a record could otherwise have every backup
 * removed for one that does not exist.
 */
async function withoutAbsent(
  { schedule, keep, backups }: Rule,
  deps: Pick<RetentionDeps, 'cluster'>,
): Promise<readonly Outdated[]> {
  const removals = new Map(retain(schedule, keep, backups).map(({ id, because }) => [id, because]));
  if (removals.size === 0) return [];
  const counted = backups.filter(({ id, good }) => good && !removals.has(id));
  const isThere = await Promise.all(counted.map(async ({ record }) => await hasItsData(record, deps)));
  const absent = new Set(counted.filter((_, index) => isThere[index] === false));
  if (absent.size > 0)
    return await withoutAbsent({ schedule, keep, backups: backups.filter((one) => !absent.has(one)) }, deps);
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

function asBackup(record: JobRecord, inUse: ReadonlySet<string>): readonly RecordedBackup[] {
  const { kind, namespace, name, schedule, phase } = record;
  if (kind !== 'Backup' || dataOf(record).length === 0 || !isFinal(phase)) return [];
  return [
    {
      // Not the UID of the data, which another record may name as well.
      id: `${kind}/${namespace}/${name}`,
      record,
      ...defined({ schedule }),
      good: isProvenCopy(record),
      at: endOf(record),
      inUse: inUse.has(`${kind}/${namespace}/${name}`),
    },
  ];
}
