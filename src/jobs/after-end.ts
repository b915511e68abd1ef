// After the end: locks go back, the working pods are removed in time, and a held node may be released.

import { isFinal, type JobPhase } from '../api/job-status.ts';
import { millisecondsOf } from '../lib/timestamp.ts';
import type { Effect } from './effect.ts';
import { enter, stay, type Move, type Scope } from './scope.ts';
import { mayStart, stopWorks } from './starting.ts';
import { keepLocks } from './stopping.ts';

/** Nothing here depends on how often it is done. */
export function afterEnd(scope: Scope, phase: JobPhase): Move {
  if (phase === 'Held') {
    const released = heldOn(scope);
    if (released !== undefined) return released;
  }
  const message = scope.status.message ?? phase;
  return stay(scope, message, {
    effects: [
      ...(scope.seen.workPods > 0 ? stopWorks(scope) : []),
      ...giveBackLocks(scope, phase),
      ...removeRemains(scope, phase),
      ...letGo(scope, phase),
    ],
  });
}

/** A person says that the node may run after all; or a later job has repaired it. */
function heldOn(scope: Scope): Move | undefined {
  const { status, seen } = scope;
  if ((status.holds ?? []).length === 0) return undefined;
  if (seen.release) {
    const kept = keepLocks(scope);
    if (kept !== undefined) return kept;
    const reason = status.failure?.reason ?? 'Released';
    const why = status.failure?.message ?? 'it was held';
    return enter(scope, {
      phase: 'Starting',
      reason: 'Released',
      message: 'a person released the node',
      status: { failure: { reason, message: `${why}; a person released the node`, unsafe: false } },
    });
  }
  const locks = status.locks ?? [];
  const isOver = locks.length > 0 && locks.every((lock) => seen.locks.get(lock)?.note === undefined);
  return isOver
    ? stay(scope, `${status.message ?? ''} (a later job has repaired it)`.trim(), { status: { holds: [] } })
    : undefined;
}

function giveBackLocks({ status, seen, job, open }: Scope, phase: JobPhase): readonly Effect[] {
  const stillStopped = phase === 'Held' || (status.targets ?? []).some((target) => !mayStart({ open, status }, target));
  if (seen.workPods > 0) return [];
  return (status.locks ?? []).flatMap((lock) => {
    const { holder, note } = seen.locks.get(lock) ?? {};
    if (holder?.uid !== job.uid) return [];
    return [{ do: 'releaseLock', lock, keepNote: stillStopped || note?.uid !== job.uid } as const];
  });
}

/**
 * By UID, and only when the result is on the pushed branch: nothing is removed that has not been told. A claim without
 * a proven copy on it is no backup and goes; a backup stays whatever becomes of its request.
 */
function removeRemains({ status, seen, open, job, now }: Scope, phase: JobPhase): readonly Effect[] {
  if (seen.record?.phase === undefined || !isFinal(seen.record.phase)) return [];
  const ended = status.endTime === undefined ? undefined : millisecondsOf(status.endTime);
  const isOld = ended !== undefined && now >= ended + open.common.ttlSecondsAfterFinished * 1000;
  const jobs = [...seen.works].flatMap(([name, { uid, jobUid }]) =>
    isOld && uid !== undefined && jobUid === job.uid
      ? [{ do: 'deleteJob', name, uid, because: 'ttlSecondsAfterFinished is over' } as const]
      : [],
  );
  const { claim } = seen;
  const isDebris = phase === 'Failed' && status.manifestSha256 === undefined && claim !== undefined;
  return isDebris && claim.uid === status.claimUid && claim.jobUid === job.uid
    ? [...jobs, { do: 'deleteClaim', name: claim.name, uid: claim.uid }]
    : jobs;
}

/** Once the end is on record nothing is lost with the object: a namespace can go although no controller is there. */
function letGo({ seen }: Scope, phase: JobPhase): readonly Effect[] {
  const isRecorded = seen.record?.phase !== undefined && isFinal(seen.record.phase);
  const isWanted = seen.deleting || (seen.guarded === true && phase !== 'Held');
  return isRecorded && isWanted ? [{ do: 'letGo' }] : [];
}
