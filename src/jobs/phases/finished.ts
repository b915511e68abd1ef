// After the end: locks are released, worker pods are removed in time, and a node that was left paused may be released.

import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import type { MadeObject } from '../../api/job-status.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import type { Effect } from '../model/effect.ts';
import { enter, listOf, lockOf, stay, type Move, type Scope } from '../model/scope.ts';
import { stopTasks } from '../task/stop-tasks.ts';
import { ensureLocks } from './stopping.ts';

/** Repeating it changes nothing. */
export function afterEnd(scope: Scope, phase: JobPhase): Move {
  // To start its nodes would need a lock, which can't be created there any more.
  if (phase === 'Held' && scope.observed.namespaceGoing !== true) {
    const released = heldOn(scope);
    if (released !== undefined) return released;
  }
  const message = scope.status.message ?? phase;
  return stay(scope, message, {
    effects: [
      ...(scope.observed.workerPods > 0 ? stopTasks(scope) : []),
      ...releaseLocks(scope, phase),
      ...cleanUp(scope, phase),
      ...removeFinalizer(scope, phase),
    ],
  });
}

/** A user says that the nodes may run after all; or a later job has repaired some of them. */
function heldOn(scope: Scope): Move | undefined {
  const { paused = [] } = scope.status;
  if (paused.length === 0) return undefined;
  return scope.observed.release && !isTakenOver(scope) ? startReleased(scope) : withoutRepaired(scope, paused);
}

function startReleased(scope: Scope): Move {
  const kept = ensureLocks(scope);
  if (kept !== undefined) return kept;
  const { reason, message } = scope.status.failure ?? { reason: 'WorkFailed', message: 'it ended Held' };
  return enter(scope, {
    phase: 'Starting',
    reason: 'Released',
    message: 'the node was released by its annotation',
    status: { failure: { reason, message: `${message}; the node was released by its annotation`, unsafe: false } },
  });
}

function withoutRepaired(scope: Scope, paused: readonly string[]): Move | undefined {
  const repaired = paused.filter((node) => isRepaired(scope, node));
  if (repaired.length === 0) return undefined;
  return stay(scope, `${scope.status.message ?? ''} (a later job has repaired ${listOf(repaired)})`.trim(), {
    status: { paused: paused.filter((node) => !repaired.includes(node)) },
  });
}

/** Another job works on its nodes: until that has ended they are not this one's to start. */
function isTakenOver({ status, observed, job }: Scope): boolean {
  return (status.locks ?? []).some((lock) => (observed.locks.get(lock)?.holder?.uid ?? job.uid) !== job.uid);
}

/** Nothing on its lock says that it must not be started. What this job wrote there itself proves nothing. */
function isRepaired(scope: Scope, node: string): boolean {
  const lock = scope.observed.locks.get(lockOf(scope, node));
  if (lock === undefined) return false;
  return lock.note === undefined || (lock.note.uid !== scope.job.uid && lock.note.unsafe === undefined);
}

/** The note stays where it says that a node must not be started. */
function releaseLocks({ status, observed, job }: Scope, phase: JobPhase): readonly Effect[] {
  if (observed.workerPods > 0) return [];
  return (status.locks ?? []).flatMap((lock) => {
    const { holder, note } = observed.locks.get(lock) ?? {};
    if (holder?.uid !== job.uid) return [];
    const keepNote = phase === 'Held' || note?.uid !== job.uid || note.unsafe !== undefined;
    return [{ do: 'releaseLock', lock, keepNote } as const];
  });
}

/** By UID, and only when the result is on the pushed branch: nothing is removed that is not on record. */
function cleanUp(scope: Scope, phase: JobPhase): readonly Effect[] {
  return isRecorded(scope) ? [...deleteOldJobs(scope), ...deleteLeftovers(scope, phase)] : [];
}

function isRecorded({ observed: { record } }: Scope): boolean {
  return record?.phase !== undefined && isFinal(record.phase);
}

/**
 * What must not outlive the job and is not going yet. Also while a worker pod is there: Kubernetes keeps a PVC until no pod uses it,
 * and an object whose pod does not end, on a machine that is lost, must be able to go all the same.
 */
function deleteLeftovers(scope: Scope, phase: JobPhase): readonly Effect[] {
  const { manifestSha256 } = scope.status;
  const isOver = phase === 'Failed' || (phase === 'Held' && scope.observed.deleting);
  const isUnproven = isOver && manifestSha256 === undefined;
  return [
    ...(scope.status.made ?? []).flatMap((made) => deleteMade(scope, made, isUnproven)),
    ...(isUnproven ? deleteUnproven(scope) : []),
  ];
}

/** PVCs that a Restore made from VolumeSnapshots: the node has the data. A VolumeSnapshot without a proof is no backup. */
function deleteMade({ observed, job }: Scope, { kind, name, uid }: MadeObject, isUnproven: boolean): readonly Effect[] {
  const live = observed.made?.get(name);
  if (live?.kind !== kind || live.jobUid !== job.uid || live.going === true) return [];
  // Without a UID on record it was created, and the job ended before it was seen.
  if (uid !== undefined && uid !== live.uid) return [];
  if (kind === 'PersistentVolumeClaim') return [{ do: 'deletePvc', name, uid: live.uid }];
  return isUnproven ? [{ do: 'deleteSnapshot', name, uid: live.uid }] : [];
}

function deleteOldJobs({ status, observed, open, job, now }: Scope): readonly Effect[] {
  const ended = status.endTime === undefined ? undefined : millisecondsOf(status.endTime);
  if (ended === undefined || now < ended + open.common.ttlSecondsAfterFinished * 1000) return [];
  return [...observed.tasks].flatMap(([name, { uid, jobUid }]) =>
    uid !== undefined && jobUid === job.uid
      ? [{ do: 'deleteJob', name, uid, because: 'ttlSecondsAfterFinished is over' } as const]
      : [],
  );
}

/** A PVC without a proven copy is no backup and is deleted; a backup stays, also when its request ends otherwise. */
function deleteUnproven({ status, observed: { pvc }, job }: Scope): readonly Effect[] {
  if (pvc === undefined || pvc.going === true) return [];
  const isKnown = status.claimUid === undefined ? status.claimName === pvc.name : status.claimUid === pvc.uid;
  const isOwn = isKnown && pvc.jobUid === job.uid;
  return isOwn ? [{ do: 'deletePvc', name: pvc.name, uid: pvc.uid }] : [];
}

/**
 * Once the end is on record, and what must go with the job is going, nothing is lost with the object: a namespace can go although no
 * controller is there.
 */
function removeFinalizer(scope: Scope, phase: JobPhase): readonly Effect[] {
  const { deleting, guarded } = scope.observed;
  const isWanted = deleting || (guarded === true && phase !== 'Held');
  const isDone = isRecorded(scope) && deleteLeftovers(scope, phase).length === 0;
  return isDone && isWanted ? [{ do: 'removeFinalizer' }] : [];
}
