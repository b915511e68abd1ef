// Before anything changes: the claim, the locks, and a check whether the task can be done at all.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import { hasNeverRun, isFinal } from '../../api/job-phase.ts';
import type { JobStatus, JobTarget } from '../../api/job-status.ts';
import { DEADLINE } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import type { JobView, OpenJob } from '../model/job-kind.ts';
import type { AbsentNode } from '../model/observation.ts';
import { canAcquire, locksOf } from '../model/locks.ts';
import { waitsForNode } from '../model/node-wait.ts';
import { LEFT_PAUSED, pausedBefore } from '../model/pause-text.ts';
import { tryObjects } from './trial.ts';
import { timestamp } from '../../lib/timestamp.ts';
import {
  elapsed,
  enter,
  holderOf,
  listOf,
  lockOf,
  stay,
  viewOf,
  whyGone,
  type Move,
  type Scope,
} from '../model/scope.ts';

/** A request runs only after its claim is on the pushed status branch, and never when its result is there. */
export function pending(scope: Scope): Move {
  const { record } = scope.observed;
  if (isCancelled(scope)) return cancelled(scope);
  if (record === undefined) return stay(scope, 'waits until its claim is on the status branch');
  if (record.phase !== undefined && isFinal(record.phase))
    return enter(scope, {
      phase: 'Refused',
      reason: 'AlreadyRan',
      message: `the status branch says that this request ended ${record.phase}; ${hasNeverRun(record.phase) ? 'it did not run, and a name is used once' : 'a request runs once'}: file a new one under a new name`,
    });
  return enter(scope, {
    phase: 'Claimed',
    message: 'the claim is on the status branch',
    status: { node: listOf(scope.open.nodes) },
  });
}

/**
 * The claim on the branch must name this very object before it may act: an object that the branch does not name can be
 * created again without running anything twice.
 */
export function claimed(scope: Scope): Move {
  if (isCancelled(scope)) return cancelled(scope);
  const unbound = refuseUnbound(scope);
  if (unbound !== undefined) return unbound;
  const gone = refuseGone(scope);
  if (gone !== undefined) return gone;
  if (scope.observed.denied !== undefined) return denied(scope, scope.observed.denied);
  if (scope.observed.mustWait !== undefined) return queued(scope, scope.observed.mustWait);
  const awaited = scope.open.awaits?.(scope.observed);
  return awaited === undefined ? acquireLocks(scope) : waitFor(scope, awaited);
}

/** Waiting for a node of the same commit makes sense; for one that was deleted it does not. */
function refuseGone(scope: Scope): Move | undefined {
  const message = whyGone(scope);
  return message === undefined ? undefined : enter(scope, { phase: 'Refused', reason: 'NodeMissing', message });
}

function refuseUnbound(scope: Scope): Move | undefined {
  const { record } = scope.observed;
  if (record?.uid === scope.job.uid) return undefined;
  const message = whyLost(record);
  if (message === undefined) return stay(scope, 'waits until the status branch names this object');
  return enter(scope, { phase: 'Interrupted', reason: 'Interrupted', message });
}

function whyLost(record: Scope['observed']['record']): string | undefined {
  if (record?.uid !== undefined)
    return 'the claim belongs to an earlier object of this name, which is lost; file a new request';
  if (record?.phase === undefined || !isFinal(record.phase)) return undefined;
  return `the status branch says that this request ended ${record.phase}, and why; file a new one under a new name`;
}

/** The object may have been created by hand in place of the request that was judged in its file. */
function denied(scope: Scope, message: string): Move {
  return enter(scope, { phase: 'Refused', reason: 'PolicyDenied', message });
}

/** No longer than the task itself may take. */
function waitFor(scope: Scope, what: string): Move {
  if (elapsed(scope) < scope.open.common.deadlineSeconds * 1000) return stay(scope, what);
  return enter(scope, {
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: `${what}, and did so for longer than spec.deadlineSeconds`,
  });
}

function acquireLocks(scope: Scope): Move {
  const { open, observed, job } = scope;
  const locks = locksOf({ deployMethod: open.common.deployMethod, chain: open.common.chain ?? '', nodes: open.nodes });
  const absent = canAcquire(locks, observed.locks, job.uid) ? absentNode(scope) : undefined;
  if (absent !== undefined) return waitForNode(scope, locks, absent);
  const effects: Effect[] = [];
  for (const lock of locks) {
    const holder = observed.locks.get(lock)?.holder;
    if (holder?.uid === job.uid) continue;
    if (holder !== undefined)
      return queued(scope, `waits for ${holder.text}, which has ${lock}`, { status: { locks: [...locks] }, effects });
    effects.push({ do: 'acquireLock', lock, holder: holderOf(scope) });
  }
  if (effects.length > 0) return stay(scope, `acquires ${listOf(locks)}`, { status: { locks: [...locks] }, effects });
  return enter(scope, { phase: 'Locked', message: `has ${listOf(locks)}`, status: { locks: [...locks] } });
}

/** Before the first lock is acquired: a job that waits for its node must not keep out the Restore that would fill it. */
function absentNode({ open, observed: { absent } }: Scope): AbsentNode | undefined {
  if (absent !== undefined) return absent[0];
  const [node = ''] = open.nodes;
  return { node, ...NOT_CHECKED, message: notChecked(node) };
}

/** Without a lock; one that it has of several is released. A node of the same commit may still have to be made. */
function waitForNode(scope: Scope, locks: readonly string[], { reason, message }: AbsentNode): Move {
  const isWaiting = waitsForNode(scope.status);
  if (isWaiting && elapsed(scope) >= DEADLINE.resolve) return enter(scope, { phase: 'Refused', reason, message });
  const own = locks.filter((lock) => scope.observed.locks.get(lock)?.holder?.uid === scope.job.uid);
  return stay(scope, message, {
    status: { locks: [...locks], reason, ...(isWaiting ? {} : { since: timestamp(scope.now) }) },
    effects: own.map((lock) => ({ do: 'releaseLock', lock, keepNote: true })),
  });
}

/** For others. The time of a wait for its node counts from its beginning again. */
function queued(scope: Scope, message: string, { status, effects = [] }: QueuedMore = {}): Move {
  const restarted = waitsForNode(scope.status) ? { reason: 'Claimed' as const, since: timestamp(scope.now) } : {};
  return stay(scope, message, { status: { ...status, ...restarted }, effects });
}

interface QueuedMore {
  readonly status?: Partial<JobStatus>;
  readonly effects?: readonly Effect[];
}

/** Checks the nodes and remembers how they were; refuses what can't be done while nothing has happened yet. */
export function locked(scope: Scope): Move {
  if (isCancelled(scope)) return cancelled(scope);
  const gone = refuseGone(scope);
  if (gone !== undefined) return gone;
  if (scope.observed.denied !== undefined) return denied(scope, scope.observed.denied);
  if (scope.observed.mustWait !== undefined) return stay(scope, scope.observed.mustWait);
  const targets: JobTarget[] = [];
  for (const node of scope.open.nodes) {
    const found = scope.observed.targets.get(node)?.found;
    if (found?.ok !== true) return notFound(scope, node, found);
    targets.push(withOriginals(scope, found.target));
  }
  const between = refuseKeysAtRisk(scope);
  if (between !== undefined) return between;
  return judgeStart(scope, targets);
}

function notFound(
  scope: Scope,
  node: string,
  found: { readonly reason: FailureReason; readonly message: string } | undefined,
): Move {
  const { reason, message } = found ?? { ...NOT_CHECKED, message: notChecked(node) };
  if (elapsed(scope) < DEADLINE.resolve) return stay(scope, message);
  return enter(scope, { phase: 'Refused', reason, message });
}

const NOT_CHECKED = { reason: 'NodeMissing' } as const;

function notChecked(node: string): string {
  return `${node} was not checked yet`;
}

/** Only an administrator can decide about volumes on which a key exchange was interrupted. */
function refuseKeysAtRisk(scope: Scope): Move | undefined {
  const { observed, job, status } = scope;
  const note = status.locks?.map((lock) => observed.locks.get(lock)?.note).find((one) => one?.keys === true);
  if (note === undefined || note.uid === job.uid) return undefined;
  const why = note.unsafe ?? 'its keys are being exchanged';
  const message = pausedBefore(note.job, { nodes: listOf(note.nodes.map(({ node }) => node)), why });
  return enter(scope, { phase: 'Refused', reason: 'KeysApart', message });
}

/** A node that an earlier job left paused looks stopped; how it was before stands in that job's note. */
function withOriginals(scope: Scope, target: JobTarget): JobTarget {
  const { observed, job } = scope;
  const note = observed.locks.get(lockOf(scope, target.node))?.note;
  if (note === undefined || note.uid === job.uid) return target;
  const before = note.nodes.find(
    ({ node, workload }) => node === target.node || workload.name === target.workload.name,
  );
  if (before === undefined) return target;
  return {
    ...target,
    wasRunning: before.wasRunning,
    detached: true,
    ...(before.replicas === undefined ? {} : { replicas: before.replicas }),
  };
}

function judgeStart(scope: Scope, targets: readonly JobTarget[]): Move {
  const { open, observed } = scope;
  const isRunning = open.nodes.some((node) => (observed.targets.get(node)?.pods.length ?? 0) > 0);
  const isLive = open.action === 'Direct' && isRunning;
  if (isLive && typeof open.whileRunning === 'object')
    return enter(scope, {
      phase: 'Refused',
      reason: 'NodeRunning',
      message: `${listOf(open.nodes)} is running: ${open.whileRunning.refused}`,
    });
  const view: JobView = { ...viewOf(scope, targets), live: isLive };
  const answer = open.preflight(view);
  if (answer.go) return begin(scope, view, answer.notes ?? []);
  if ('refuse' in answer)
    return enter(scope, { phase: 'Refused', reason: answer.refuse.reason, message: answer.refuse.message });
  const { wait, refusal } = answer;
  if (refusal === undefined || elapsed(scope) < DEADLINE.height) return waitFor(scope, wait);
  return enter(scope, { phase: 'Refused', reason: refusal.reason, message: refusal.message });
}

function begin(scope: Scope, view: JobView, notes: readonly string[]): Move {
  const { open } = scope;
  const stops = keepsStopped(open, view) && open.stops(view);
  const refused = stops ? refuseStop(scope, view) : undefined;
  if (refused !== undefined) return refused;
  const heights = view.targets.flatMap(({ height }) => height ?? []);
  const status: Partial<JobStatus> = {
    targets: [...view.targets],
    paused: stops ? [...open.nodes] : [],
    ...riskOf(view, stops),
    ...(notes.length === 0 ? {} : { notes: [...notes] }),
    ...(heights[0] === undefined ? {} : { heightBefore: heights[0] }),
    ...(view.live && open.whileRunning === 'works, unproven' ? { live: true } : {}),
  };
  return stops
    ? enter(scope, { phase: 'Stopping', message: stopText(view.targets), status })
    : enter(scope, { phase: 'Working', message: workText(view), status });
}

/** `stops a and keeps b stopped` */
function stopText(targets: readonly JobTarget[]): string {
  const named = (wasRunning: boolean): readonly string[] =>
    targets.filter((target) => target.wasRunning === wasRunning).map(({ node }) => node);
  const [running, stopped] = [named(true), named(false)];
  const parts = [
    running.length === 0 ? '' : `stops ${listOf(running)}`,
    stopped.length === 0 ? '' : `keeps ${listOf(stopped)} stopped`,
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

function workText({ targets }: JobView): string {
  const running = targets.filter(({ wasRunning }) => wasRunning);
  return running.length === 0
    ? `works on ${listOf(targets.map(({ node }) => node))}, which is stopped`
    : 'works without stopping the node';
}

/** Until it has repaired a node that an earlier job left paused, that one must not be started. */
function riskOf({ targets }: JobView, stops: boolean): Partial<JobStatus> {
  return stops && targets.some(({ detached }) => detached === true) ? { risk: LEFT_PAUSED } : {};
}

function refuseStop(scope: Scope, view: JobView): Move | undefined {
  return refuseLosing(scope) ?? tryObjects(scope, view);
}

/** A deleted PVC is there as long as a pod uses it: the stop would lose the data that the job is about. */
function refuseLosing(scope: Scope): Move | undefined {
  const { open, observed } = scope;
  for (const node of open.nodes) {
    const { goingPvcs = [], pods = [] } = observed.targets.get(node) ?? {};
    if (goingPvcs.length === 0 || pods.length === 0) continue;
    const message = `the PVC ${listOf(goingPvcs)} of ${node} was deleted and goes, with its data, when the pod ends, so the node is not stopped. Copy the data with a Backup of action Direct, or set persistentVolumeReclaimPolicy of its PersistentVolume to Retain and stop the node; then file a new request`;
    return enter(scope, { phase: 'Refused', reason: 'VolumeTerminating', message });
  }
  return undefined;
}

/** `Direct` stops no node. One that it finds stopped stays so until the end: started under the work, it would run on half of its data. */
function keepsStopped({ action, whileRunning }: OpenJob, { live }: JobView): boolean {
  return action !== 'Direct' || (!live && whileRunning !== 'works');
}

/** Before the first task a request that was withdrawn, or whose object was deleted, is cancelled. */
function isCancelled({ observed }: Scope): boolean {
  return observed.withdrawn !== undefined || observed.deleting;
}

function cancelled(scope: Scope): Move {
  const why = scope.observed.withdrawn ?? 'its object was deleted';
  return enter(scope, { phase: 'Cancelled', message: `${why} before work began` });
}
