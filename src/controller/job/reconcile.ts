// One job: observe it and its nodes, decide its next move, store that, perform it.

import { API_VERSION, LABEL } from '../../api/group.ts';
import { type JobObject, jobKeyOf } from '../../api/job-object.ts';
import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import type { JobStatus } from '../../api/job-status.ts';
import { findJobKind } from '../../jobs/kinds/index.ts';
import type { OpenJob } from '../../jobs/model/job-kind.ts';
import type { JobObservation } from '../../jobs/model/observation.ts';
import type { Move } from '../../jobs/model/scope.ts';
import { type JobInput, next } from '../../jobs/phases/machine.ts';
import { whyRedirected } from '../../jobs/phases/redirected.ts';
import { hasActed } from '../../jobs/requests/open-jobs.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { isNamespaceGoing } from '../../kube/kube-error.ts';
import { hasCode } from '../../lib/errors.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import type { JobDeps } from './deps.ts';
import { observeJob } from './observe.ts';
import type { OpenedJob } from './opened-job.ts';
import { announceUnfiled } from './records/announce-unfiled.ts';
import { isOpen } from './records/open-jobs.ts';
import { storeStatus } from './records/store-status.ts';
import { type EffectScope, performEffect } from './perform-effect.ts';

/** After a move, in milliseconds: the next one is often possible at once. */
const SOON_MS = 100;
/** While nodes stop, work or start. The longer it takes, the longer the pause: an eighth of the time so far. */
const WAITING = { leastMs: 2000, mostMs: 30_000, part: 8 } as const;
/** It holds its locks and waits for a node to be created, which triggers a reconciliation. */
const LOCKED_MS = 5000;
/** The push of the record and the release of the lock trigger it; only a Lease that is removed by hand does not. */
const QUEUED_MS = 15_000;
/** Only an author or a later job changes anything. */
const HELD_MS = 15_000;
const REMAINS_MS = 1000;

/** A permission can be granted at any time, and no watch reports that. */
const INCOMPLETE_MS = 5000;
/** After another writer changed an object that this reconciliation had read. */
const CONFLICT_MS = 200;

/** One move. The status is stored before the first effect, so a crash in between loses nothing. */
export async function reconcileJob(key: string, deps: JobDeps, signal: AbortSignal): Promise<ReconcileResult> {
  if (!isComplete(deps)) return again(INCOMPLETE_MS);
  if (!mayAct(key, deps)) return announceUnfiled(key, deps) ? DONE : again(INCOMPLETE_MS);
  try {
    return await moveJob(key, deps, { signal });
  } catch (error) {
    if (hasCode(error, 'CONFLICT')) return again(CONFLICT_MS);
    // Waiting would keep the object, and with its finalizer the namespace. What was refused may be the memory, in another one.
    const [, namespace = ''] = key.split('/');
    if (isNamespaceGoing(error, namespace))
      return await moveJob(key, deps, { signal, facts: { namespaceGoing: true } });
    throw error;
  }
}

interface MoveInput {
  readonly signal: AbortSignal;
  /** What is known beside the observation. */
  readonly facts?: Pick<JobObservation, 'namespaceGoing'>;
}

async function moveJob(key: string, deps: JobDeps, { signal, facts = {} }: MoveInput): Promise<ReconcileResult> {
  const scope = await readJob(key, deps);
  if (scope === undefined) return DONE;
  if (!isTrusted(scope.job, deps)) return ignoreJob(key, deps);
  const observed = { ...(await observeJob(scope, deps, signal)), ...facts };
  signal.throwIfAborted();
  const now = deps.runtime.now();
  const input = inputOf(scope, observed, { deps, now });
  const elsewhere = whyRedirected(input);
  if (elsewhere !== undefined) return await refuseStatus({ job: scope.job, signal }, elsewhere, deps);
  const move = next(input);
  const isStored = await storeStatus({ ...scope, record: observed.record }, move.status, deps);
  forgetAnswers(scope.job.metadata.uid ?? '', move.status, deps);
  await performEffects(move, { job: scope.job, signal }, deps);
  if (isStored || move.effects.length > 0) return again(SOON_MS);
  return nextReconciliation(move.status, scope.open, { observed, now });
}

/** An object that cannot be seen may exist all the same. */
export function isComplete({ watches, jobs }: Pick<JobDeps, 'watches' | 'jobs'>): boolean {
  return watches.incomplete().length === 0 && jobs.isComplete();
}

/** A job without an object ended long ago, or its object is not seen yet: no need to ask the API server. */
function mayAct(key: string, deps: JobDeps): boolean {
  const job = deps.jobs.get(key);
  return job !== undefined && isOwn(job, deps) && !waitsForRecords(job, deps);
}

/** Of several controllers in one cluster only the one that has the job's record may act on it. */
function isOwn(job: JobObject, { records, settings }: JobDeps): boolean {
  const label = job.metadata.labels?.[LABEL.executor];
  return label === undefined ? records.next(jobKeyOf(job)) !== undefined : label === settings.executor;
}

/**
 * What a Restore reads from is recorded on the status branch; before the branch is read, its source would seem to be
 * missing. Once the node may be started again the source does not matter. Other kinds continue while Git is down.
 */
function waitsForRecords(job: JobObject, { records }: JobDeps): boolean {
  const phase = job.status?.phase ?? 'Pending';
  return !records.isLoaded && sourceKeyOf(job) !== undefined && phase !== 'Starting' && !isFinal(phase);
}

/**
 * Others may write a status: where it says that the job has begun, only a job that this controller bound acts. Once it has
 * ended nothing is left to do but to clean up what carries its UID.
 */
function isTrusted(job: JobObject, { memory }: JobDeps): boolean {
  const phase = job.status?.phase ?? 'Pending';
  const isUnderWay = hasActed(phase) && (phase === 'Held' || !isFinal(phase));
  return !isUnderWay || isOpen(job, memory);
}

function ignoreJob(key: string, { memory, runtime }: JobDeps): ReconcileResult {
  if (memory.current.jobs === undefined) return again(INCOMPLETE_MS);
  runtime.log.warn({ job: key }, 'Ignoring a job with a status that this controller did not write');
  return DONE;
}

/** From the API server, not from the watch: a move from an old status could undo a newer one. */
async function readJob(key: string, { cluster, statuses }: JobDeps): Promise<OpenedJob | undefined> {
  const [kindName = '', namespace = '', name = ''] = key.split('/');
  const kind = findJobKind(kindName);
  const live = await cluster.get({ apiVersion: API_VERSION, kind: kindName, namespace, name });
  if (kind === undefined || live === undefined) return undefined;
  // The edge: the CRD fixes the shape.
  const found = live as JobObject;
  const job = statuses.trusted(found);
  return { kind, job, isChanged: job !== found, open: kind.open(job.spec) };
}

function inputOf(
  { kind, job }: OpenedJob,
  observed: JobObservation,
  { deps, now }: { readonly deps: JobDeps; readonly now: number },
): JobInput {
  const { namespace = '', name, uid = '' } = job.metadata;
  return {
    kind,
    job: { kind: job.kind, namespace, name, uid },
    spec: job.spec,
    status: job.status ?? {},
    observed,
    settings: deps.jobSettings,
    now,
  };
}

/**
 * Nothing is done by such a status, and its nodes stay as they are. When the object is deleted, its locks and worker Jobs are
 * recovered like those of a job that was lost.
 */
async function refuseStatus(scope: EffectScope, why: string, deps: JobDeps): Promise<ReconcileResult> {
  const { job } = scope;
  const message = `${why}: someone else has changed the status of this job, and the job does nothing more. Put its status back, or delete the job: then its nodes are started again, unless that is unsafe.`;
  deps.runtime.log.warn({ job: jobKeyOf(job), reason: why }, 'Refusing a status that leads the job elsewhere');
  deps.events.emit({ about: job, type: 'Warning', reason: 'StatusChanged', message });
  if (job.metadata.deletionTimestamp !== undefined) await performEffect({ do: 'removeFinalizer' }, scope, deps);
  return again(HELD_MS);
}

async function performEffects({ status, effects }: Move, { job, signal }: EffectScope, deps: JobDeps): Promise<void> {
  for (const effect of effects) await performEffect(effect, { job: { ...job, status }, signal }, deps);
}

/** What the later phases do not ask for. */
function forgetAnswers(uid: string, { phase = 'Pending', works = [] }: JobStatus, deps: JobDeps): void {
  const { answers, createdJobs, trials } = deps;
  if (phase !== 'Locked') trials.delete(uid);
  for (const task of works) {
    const key = `${uid}/${task.name}`;
    if (isFinal(phase)) answers.delete(key);
    if (task.uid !== undefined || task.outcome !== undefined) createdJobs.delete(key);
  }
}

/** A finished job is reconciled once more when its worker pods may be removed, and then never again. */
function nextReconciliation(
  { phase = 'Pending', since, endTime }: JobStatus,
  { common: { ttlSecondsAfterFinished } }: OpenJob,
  { observed, now }: { readonly observed: JobObservation; readonly now: number },
): ReconcileResult {
  if (phase === 'Held') return again(HELD_MS);
  if (!isFinal(phase)) return again(delayOf(phase, now - (millisecondsOf(since ?? '') ?? now)));
  if (![...observed.tasks.values()].some(({ uid }) => uid !== undefined)) return DONE;
  const untilMs = (millisecondsOf(endTime ?? '') ?? now) + ttlSecondsAfterFinished * 1000;
  return again(Math.max(REMAINS_MS, untilMs - now));
}

function delayOf(phase: JobPhase, elapsedMs: number): number {
  if (phase === 'Pending' || phase === 'Claimed') return QUEUED_MS;
  const leastMs = phase === 'Locked' ? LOCKED_MS : WAITING.leastMs;
  return Math.min(WAITING.mostMs, Math.max(leastMs, elapsedMs / WAITING.part));
}
