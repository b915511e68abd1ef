// Retention: removes the data of a schedule's own backups that its `keep` does not keep, and the objects that stood for
// them; their records stay and say so.

import { API_VERSION } from '../../api/group.ts';
import type { Ref } from '../../api/objects.ts';
import type { DesiredSchedule } from '../../desired/desired-set.ts';
import { jobKeyOf, type JobRequest } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { isProvenCopy, type JobRecord, UNREADABLE } from '../../jobs/requests/record.ts';
import { isOwnRun, whyForeignPvc } from '../../jobs/requests/own-backup.ts';
import { type KeptBackup, retain } from '../../jobs/requests/retention.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { defined } from '../../lib/defined.ts';
import type { RequestsDeps } from './deps.ts';
import { runsOf } from './schedules/schedule-runs.ts';

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
    for (const { claimUid, because } of retain(key, spec.keep, backups)) {
      const record = runs.find((candidate) => candidate.claimUid === claimUid);
      if (record === undefined) continue;
      if (!(await removeData(record, because, deps))) continue;
      deps.records.put(withoutData(record, because));
      changed = true;
    }
  }
  return changed;
}

/** False when the PVC is not the one that the job created: what the status branch says is never enough to remove it. */
async function removeData(
  record: JobRecord,
  because: string,
  { cluster, runtime }: Pick<RetentionDeps, 'cluster' | 'runtime'>,
): Promise<boolean> {
  const { namespace, claimName = '', claimUid = '', uid } = record;
  const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName };
  const facts = { pvc: `${namespace}/${claimName}` };
  const live = await cluster.get(pvc);
  const foreign = live === undefined ? undefined : whyForeignPvc(record, live);
  if (foreign !== undefined) {
    if (!refused.has(record))
      runtime.log.warn({ ...facts, reason: foreign }, 'Keeping PVC that a record names as a backup');
    refused.add(record);
    return false;
  }
  runtime.log.info({ ...facts, reason: because }, 'Removing backup');
  await cluster.remove(pvc, { uid: claimUid, propagation: 'Background' });
  // Thousands of objects for data that is gone would hide the backups that are there.
  if (uid !== undefined) await cluster.remove(objectOf(record), { uid, propagation: 'Background' });
  return true;
}

/** Records whose PVC is not theirs: reported once each. */
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
  const { claimName: _name, claimUid: _uid, objectStorage: _stored, ...rest } = record;
  const notes = [...(rest.notes ?? []), `its data was removed: ${because}`].slice(-8);
  return { ...rest, notes, dataRemoved: because };
}

function asBackup(record: JobRecord, inUse: ReadonlySet<string>): readonly KeptBackup[] {
  const { kind, namespace, name, claimName, claimUid, schedule, phase, endedAt } = record;
  if (kind !== 'Backup' || claimName === undefined || claimUid === undefined || !isFinal(phase)) return [];
  return [
    {
      claimName,
      claimUid,
      ...defined({ schedule }),
      good: isProvenCopy(record),
      at: Date.parse(endedAt ?? '') || 0,
      inUse: inUse.has(`${kind}/${namespace}/${name}`),
    },
  ];
}
