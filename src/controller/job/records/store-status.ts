// Stores what was decided of a job: in its object, in the copy that counts, and in its record.

import { mergeConditions } from '../../../api/conditions.ts';
import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { isFinal } from '../../../api/job-phase.ts';
import type { JobStatus } from '../../../api/job-status.ts';
import { jobConditions } from '../../../jobs/model/conditions.ts';
import type { JobObservation } from '../../../jobs/model/observation.ts';
import { wellFormed } from '../../../lib/clean-text.ts';
import { defined } from '../../../lib/defined.ts';
import { redactTexts } from '../../../lib/secrets/texts.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import { timestamp } from '../../../lib/timestamp.ts';
import type { JobDeps } from '../deps.ts';
import type { OpenedJob } from '../opened-job.ts';
import type { WriteGuard } from './kept-statuses.ts';
import { learnPauses } from './learn-pauses.ts';

interface Stored extends Pick<OpenedJob, 'job' | 'isChanged'> {
  /** By which it was decided. */
  readonly record: JobObservation['record'];
}

/** Stores a new status, and updates the record. True when the status changed. */
export async function storeStatus(
  { job, isChanged, record }: Stored,
  next: JobStatus,
  deps: JobDeps,
): Promise<boolean> {
  const { status: before = {} } = job;
  // Every text of a status passes here, of a worker, of a program and of the API server: into the object, its copy and its record.
  const decided = redactTexts(wellFormed(next), deps.redactor);
  const changed = !sameJson(decided, before);
  const status = changed ? withConditions(decided, job, deps.runtime.now()) : before;
  if (isChanged) reportChanged(job, deps);
  if (changed || isChanged) {
    await writeStatus(job, status, deps);
    reportPauses({ ...job, status }, deps);
  }
  // Also when nothing changed: a crash may have come between the status and its record.
  if (isNews(record, { ...job, status })) followRecord({ ...job, status }, deps);
  return changed || isChanged;
}

/** The watch may show the object before the copy is stored, and does not show that. */
function reportPauses(job: JobObject, deps: JobDeps): void {
  const nodeKeys = learnPauses(job, deps);
  if (nodeKeys.length > 0) deps.notify('PausesChanged', { nodeKeys });
}

/** What was decided before the binding had landed says that it waits for that, and is over. */
function isNews(record: Stored['record'], { metadata, status }: JobObject): boolean {
  return record?.uid === metadata.uid || isFinal(status?.phase ?? 'Pending');
}

function reportChanged(job: JobObject, { events, runtime }: JobDeps): void {
  const message =
    'The status of this job was not the one that the controller stored: someone else changed it, or the controller was stopped between two writes. It was put back, and the job continues.';
  runtime.log.warn({ job: jobKeyOf(job) }, 'Putting back the status of a job');
  events.emit({ about: job, type: 'Warning', reason: 'StatusChanged', message });
}

/** Progress can wait for the next push; what another controller or a rebuilt cluster needs cannot. */
function followRecord(job: JobObject, { records, notify }: JobDeps): void {
  const key = jobKeyOf(job);
  const before = records.next(key);
  if (!records.follow(key, job)) return;
  const now = records.next(key);
  const isUrgent = isFinal(job.status?.phase ?? 'Pending') || !sameJson(before?.workloads, now?.workloads);
  notify('JobStatusWritten', { isUrgent });
}

function withConditions(status: JobStatus, { metadata, status: before }: JobObject, now: number): JobStatus {
  const conditions = mergeConditions(before?.conditions ?? [], jobConditions(status), {
    now: timestamp(now),
    generation: metadata.generation,
  });
  return {
    ...status,
    conditions,
    ...defined({ observedGeneration: metadata.generation }),
  };
}

async function writeStatus(job: JobObject, status: JobStatus, { cluster, statuses }: JobDeps): Promise<void> {
  const { apiVersion, kind, metadata } = job;
  const { name, namespace, uid, resourceVersion } = metadata;
  // Of the version that was read, or of a job whose copy is guarded: a process that lost the lease must not overwrite a newer status.
  const objectOf = (guard: WriteGuard) => {
    const version = guard === 'version' ? resourceVersion : undefined;
    return { apiVersion, kind, metadata: { name, ...defined({ namespace, uid, resourceVersion: version }) }, status };
  };
  await statuses.store(job, status, async (guard) => await cluster.replaceStatus(objectOf(guard)));
}
