// All job requests: recover locks, file due runs, admit requests, apply retention, remove orphans.

import type { DesiredSet } from '../../desired/desired-set.ts';
import { announceProblems } from '../fleet/announce-problems.ts';
import { trustIn } from '../fleet/branch-trust.ts';
import { planOf } from '../fleet/reconcile.ts';
import type { Pulled } from '../fleet/state.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { admitRequests } from './admit-requests.ts';
import type { RequestsDeps } from './deps.ts';
import { problemOfRequest } from './refused-request.ts';
import { removeOrphanWorkerJobs } from './orphan-worker-jobs.ts';
import { isComplete } from './reconcile.ts';
import { isReleaseDue } from './lost/recover-kept.ts';
import { recoverLocks } from './recover-locks.ts';
import { noteUnrecorded, settleUnrecorded } from './lost-records.ts';
import { applyRetention } from './retention.ts';
import { recordRemovals } from './storage/record-removals.ts';
import type { Ticked } from './schedules/schedules.ts';

/** A permission can be granted at any time, and no watch reports that. */
const INCOMPLETE_MS = 5000;
/** While worker pods of a lost job are still running. */
const RECOVERY_MS = 2000;
const MAX_DELAY_MS = 3_600_000;

export async function reconcileRequests(deps: RequestsDeps, signal: AbortSignal): Promise<ReconcileResult> {
  if (!isComplete(deps)) return again(INCOMPLETE_MS);
  // First, and also while Git is down: nodes stay stopped until it is known what stopped them.
  await recoverDueLocks(deps, signal);
  const { pulled } = deps.fleet;
  // A run that is due may be recorded already, and the run before it may not have ended.
  if (pulled === undefined || refuseWithoutBranch(pulled, deps) || !deps.records.isLoaded)
    return nextRun(undefined, deps);
  return nextRun(await reconcileBranch(pulled, deps, signal), deps);
}

/** The steps that need the desired state and the records. When the next scheduled run is due, in milliseconds from now. */
async function reconcileBranch(pulled: Pulled, deps: RequestsDeps, signal: AbortSignal): Promise<number | undefined> {
  await noteUnrecorded(pulled, deps, signal);
  const trust = trustIn(pulled, await planOf(pulled, deps));
  const runs = trust.mayBegin ? await deps.schedules.tick(pulled, trust.mayRemove) : NOTHING_DUE;
  const { refusals, recordsChanged, failure } = await admitRequests(pulled, trust, deps);
  await settleUnrecorded(pulled, deps);
  const isNews = storeRefusals(refusals, deps);
  const isRemoved = trust.mayBegin && (await removeOldBackups(pulled, deps));
  await removeOrphanWorkerJobs(deps);
  if (recordsChanged || isRemoved || runs.skipped || isNews) deps.notify('RecordsChanged', {});
  // One object that is refused keeps nothing else from being done.
  if (failure !== undefined) throw failure;
  return runs.nextMs;
}

/** True when a record changed. */
async function removeOldBackups({ desired }: Pulled, deps: RequestsDeps): Promise<boolean> {
  const found = retained(desired, deps);
  const isRemoved = await applyRetention(found, deps);
  return (await recordRemovals(found.schedules, deps)) || isRemoved;
}

/** True when they changed. A refusal may come from the cluster alone: an object that someone created. */
function storeRefusals(next: RequestsDeps['refusals']['current'], { refusals, runtime }: RequestsDeps): boolean {
  announceProblems(refusals.current.map(problemOfRequest), next.map(problemOfRequest), runtime.log);
  const isNews = !sameJson(next, refusals.current);
  Object.assign(refusals, { current: next, areJudged: true });
  return isNews;
}

const NOTHING_DUE: Ticked = { nextMs: undefined, skipped: false };

async function recoverDueLocks(deps: RequestsDeps, signal: AbortSignal): Promise<void> {
  if (deps.lockRecovery.isDue || isReleaseDue(deps)) deps.lockRecovery.isDue = await recoverLocks(deps, signal);
}

/** A claim needs a status branch. */
function refuseWithoutBranch({ desired }: Pulled, deps: RequestsDeps): boolean {
  if (deps.statusBranch !== undefined) return false;
  const message =
    'A job request needs a status branch for its claim and its result. Run the controller with --status-branch.';
  const refused = [...desired.requests.values()].map(
    ({ file }) => ({ file, code: 'NoStatusBranch', message }) as const,
  );
  storeRefusals(refused, deps);
  return true;
}

function retained(
  { schedules, requests }: DesiredSet,
  { settings }: RequestsDeps,
): Parameters<typeof applyRetention>[0] {
  return {
    schedules: [...schedules.values()].filter(({ executor }) => executor === settings.executor),
    requests: [...requests.values()].map(({ request }) => request),
  };
}

function nextRun(nextMs: number | undefined, { lockRecovery }: RequestsDeps): ReconcileResult {
  if (lockRecovery.isDue) return again(RECOVERY_MS);
  return nextMs === undefined ? DONE : again(Math.min(nextMs, MAX_DELAY_MS));
}
