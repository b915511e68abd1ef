// Jobs under way whose object is gone, by the copies of their statuses: others may have deleted their locks too. The copy says
// which nodes are stopped and whether they may be started; the lock is created again by it.

import { jobKeyOf } from '../../../api/job-object.ts';
import { ANNOTATION } from '../../../api/group.ts';
import { noteOfStatus } from '../../../jobs/model/lock-note.ts';
import { describeJob } from '../../../jobs/model/names.ts';
import type { LockNote } from '../../../jobs/model/effect.ts';
import { isNamespaceGoing } from '../../../kube/kube-error.ts';
import { defined } from '../../../lib/defined.ts';
import { hasCode } from '../../../lib/errors.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import { timestamp } from '../../../lib/timestamp.ts';
import type { FleetState } from '../../fleet/state.ts';
import type { JobDeps } from '../deps.ts';
import type { EffectDeps } from '../perform-effect.ts';
import { hasLocks, pausedNodes, repairedNodes } from '../records/kept-locks.ts';
import type { KeptStatuses } from '../records/kept-statuses.ts';
import type { KeptJob } from '../records/status-copies.ts';
import type { JobWatches } from '../watches.ts';
import { describeLiving } from './living-workers.ts';
import { isLost, type Recovered, recoverLock } from './recover-lock.ts';

type LostDeps = Pick<JobDeps, 'pauses'> & {
  readonly jobs: Pick<JobWatches, 'keyOfUid'>;
  readonly statuses: Pick<KeptStatuses, 'jobs' | 'change'>;
};

export type RecoverKeptDeps = EffectDeps & LostDeps & { readonly fleet: Pick<FleetState, 'pulled'> };

export interface RecoveredKept {
  /** UIDs of the jobs whose nodes stay stopped. */
  readonly paused: ReadonlySet<string>;
  /** Those and the ones that were recovered: what their Leases say does not count. */
  readonly all: ReadonlySet<string>;
  /** Something is still running. */
  readonly again: boolean;
}

/** Before any node is reconciled. */
export function pauseNodesOfKeptJobs(deps: LostDeps): void {
  for (const kept of lostJobs(deps)) pauseNodes(withoutRepaired(kept, deps), deps);
}

/** Whether a job that left nodes stopped may be done with: someone released it, or a later job has repaired its nodes. */
export function isReleaseDue(deps: Pick<RecoverKeptDeps, 'jobs' | 'statuses' | 'fleet'>): boolean {
  const all = deps.statuses.jobs();
  return lostJobs(deps).some((kept) => isReleased(kept, all, deps.fleet) || repairedNodes(kept, all).length > 0);
}

export async function recoverKept(deps: RecoverKeptDeps, signal: AbortSignal): Promise<RecoveredKept> {
  const paused = new Set<string>();
  const all = new Set<string>();
  let again = false;
  for (const kept of lostJobs(deps)) {
    const { uid } = kept.job;
    all.add(uid);
    const end = (await isLost({ uid, text: describeJob(kept.job) }, deps))
      ? await recoverJob(withoutRepaired(kept, deps), deps, signal)
      : 'again';
    if (end !== 'over') paused.add(uid);
    again ||= end === 'again';
  }
  return { paused, all, again };
}

function lostJobs({ jobs, statuses }: Pick<LostDeps, 'jobs' | 'statuses'>): readonly KeptJob[] {
  return statuses.jobs().filter(({ job }) => jobs.keyOfUid(job.uid) === undefined);
}

async function recoverJob(
  kept: KeptJob,
  deps: RecoverKeptDeps,
  signal: AbortSignal,
): Promise<'over' | 'paused' | 'again'> {
  const isFree = isReleased(kept, deps.statuses.jobs(), deps.fleet);
  const note = isFree ? withoutRisk(noteOfStatus(kept)) : noteOfStatus(kept);
  const { isDone, living } = await recoverLocksOf(kept, { note, isFree }, { deps, signal });
  if (note.unsafe !== undefined || isNews(kept, living, deps)) pauseAgain(kept, deps, living);
  if (!isDone) return 'again';
  return note.unsafe !== undefined && note.nodes.length > 0 ? await keepPaused(kept, deps) : await forget(kept, deps);
}

interface NotedJob {
  readonly note: LockNote;
  /** Its note is about to go, which only a holder can do. */
  readonly isFree: boolean;
}

async function recoverLocksOf(
  kept: KeptJob,
  { note, isFree }: NotedJob,
  { deps, signal }: { readonly deps: RecoverKeptDeps; readonly signal: AbortSignal },
): Promise<Recovered> {
  const { namespace } = kept.job;
  let isDone = true;
  let living: Recovered['living'] = [];
  for (const lock of kept.status.locks ?? []) {
    await restoreLock({ lock, note, isFree }, kept, deps);
    const recovered = await recoverLock({ lock, namespace, note, keepNote: false, kept }, deps, signal);
    isDone = recovered.isDone && isDone;
    ({ living } = recovered);
  }
  return { isDone, living };
}

/** The status of its nodes names the pods that they wait for. */
function isNews(kept: KeptJob, living: Recovered['living'], { pauses }: RecoverKeptDeps): boolean {
  const own = pausedNodes(kept).map((key) => pauses.of(key));
  return (
    living.length > 0 &&
    own.some((pause) => pause?.uid === kept.job.uid && pause.lost?.until !== describeLiving(living))
  );
}

async function forget({ job: { uid, namespace }, status }: KeptJob, deps: RecoverKeptDeps): Promise<'over'> {
  await deps.statuses.change(uid, undefined);
  reportPauses(deps.pauses.forget(uid), deps);
  for (const lock of status.locks ?? []) deps.notify('LockReleased', { namespace, lock });
  return 'over';
}

function withoutRisk({ uid, job, nodes }: LockNote): LockNote {
  return { uid, job, nodes };
}

/** Also to end the pauses of nodes that a later job has repaired, and to say why. */
function pauseAgain(kept: KeptJob, deps: RecoverKeptDeps, living: Recovered['living'] = []): void {
  const before = deps.pauses.forget(kept.job.uid);
  reportPauses([...new Set([...before, ...pauseNodes(kept, deps, living)])], deps);
}

/** From now on other jobs may have its locks, and repair its nodes. */
async function keepPaused({ job, status }: KeptJob, deps: RecoverKeptDeps): Promise<'paused'> {
  const { statuses, runtime } = deps;
  const since = status.phase === 'Held' ? {} : { since: timestamp(runtime.now()) };
  const kept = statuses.jobs().find((one) => one.job.uid === job.uid);
  const isNew = kept?.status.phase !== 'Held' || kept.status.paused?.length !== status.paused?.length;
  if (!isNew) return 'paused';
  const held = { job, status: { ...status, phase: 'Held' as const, ...since } };
  await statuses.change(job.uid, held);
  pauseAgain(held, deps);
  return 'paused';
}

function withoutRepaired(kept: KeptJob, { statuses }: Pick<LostDeps, 'statuses'>): KeptJob {
  const repaired = repairedNodes(kept, statuses.jobs());
  const { job, status } = kept;
  return repaired.length === 0
    ? kept
    : { job, status: { ...status, paused: (status.paused ?? []).filter((node) => !repaired.includes(node)) } };
}

/** Its author says in Git that the nodes may run after all. While another job works on them, they are not this one's to start. */
function isReleased({ job, status }: KeptJob, all: readonly KeptJob[], { pulled }: RecoverKeptDeps['fleet']): boolean {
  if (status.phase !== 'Held' || isTaken({ job, status }, all)) return false;
  const { kind, namespace, name } = job;
  const declared = pulled?.desired.requests.get(jobKeyOf({ kind, metadata: { namespace, name } }));
  return declared?.request.metadata.annotations?.[ANNOTATION.release] === 'true';
}

function isTaken({ job, status: { locks = [] } }: KeptJob, all: readonly KeptJob[]): boolean {
  return all.some(
    (one) =>
      one.job.uid !== job.uid &&
      one.job.namespace === job.namespace &&
      hasLocks(one) &&
      one.status.locks?.some((lock) => locks.includes(lock)) === true,
  );
}

/** Returns the keys of nodes that the job did not pause before. */
function pauseNodes(
  kept: KeptJob,
  { pauses }: Pick<LostDeps, 'pauses'>,
  living: Recovered['living'] = [],
): readonly string[] {
  const { uid } = kept.job;
  const { unsafe } = noteOfStatus(kept);
  const lost = defined({
    unsafe: kept.status.phase === 'Held' ? unsafe : undefined,
    until: living.length === 0 ? undefined : describeLiving(living),
  });
  return pausedNodes(kept).filter((key) => pauses.pause(key, { uid, by: describeJob(kept.job), lost }));
}

export function reportPauses(nodeKeys: readonly string[], { notify }: Pick<RecoverKeptDeps, 'notify'>): void {
  if (nodeKeys.length > 0) notify('PausesChanged', { nodeKeys });
}

/** For controllers of other executors, and for people: here the copy counts. */
async function restoreLock(
  { lock, note, isFree }: NotedJob & { readonly lock: string },
  kept: KeptJob,
  deps: RecoverKeptDeps,
): Promise<void> {
  const { job } = kept;
  if (!mayRestore(kept, deps)) return;
  const seen = await deps.locks.read(job.namespace, lock);
  const isNoted = note.nodes.length === 0 || sameJson(seen.note, note);
  if (seen.holder !== undefined && seen.holder.uid !== job.uid) return;
  if (isNoted && (seen.holder !== undefined || (!hasLocks(kept) && !isFree))) return;
  await writeLock({ lock, note: isNoted ? undefined : note }, kept, deps);
}

async function writeLock(
  { lock, note }: { readonly lock: string; readonly note: LockNote | undefined },
  { job }: KeptJob,
  { locks }: RecoverKeptDeps,
): Promise<void> {
  const { namespace, uid } = job;
  try {
    await locks.acquire(namespace, lock, { uid, text: describeJob(job) });
    if (note !== undefined) await locks.note(namespace, lock, note);
  } catch (error) {
    // Its namespace may be gone, and with it the lock.
    if (!hasCode(error, 'NOT_FOUND') && !isNamespaceGoing(error, namespace)) throw error;
  }
}

function mayRestore(kept: KeptJob, { statuses }: Pick<LostDeps, 'statuses'>): boolean {
  return (hasLocks(kept) || kept.status.phase === 'Held') && !isTaken(kept, statuses.jobs());
}
