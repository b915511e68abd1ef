// What the copies of statuses say of a node lock. Others may write to Leases, or delete them: what this controller stored counts.

import { keyOf } from '../../../api/objects.ts';
import type { JobPhase } from '../../../api/job-phase.ts';
import type { JobStatus } from '../../../api/job-status.ts';
import { noteOfStatus } from '../../../jobs/model/lock-note.ts';
import { describeJob } from '../../../jobs/model/names.ts';
import type { ObservedLock } from '../../../jobs/model/observation.ts';
import { defined } from '../../../lib/defined.ts';
import type { KeptJob } from './status-copies.ts';

/** From the moment at which a job has all its locks until it has ended. */
const WITH_LOCKS: ReadonlySet<JobPhase> = new Set(['Locked', 'Stopping', 'Working', 'Verifying', 'Starting']);
/** It has stopped nothing yet. */
const BEFORE_STOP: ReadonlySet<JobPhase> = new Set(['Pending', 'Claimed', 'Locked']);

/**
 * A lock as a job observes it. `seen`: its Lease. `reader`: the job with its own copy; once it has stopped nodes it goes by the
 * Leases, because what it wrote there may be gone, and is written again.
 */
export function withCopies(
  lock: string,
  seen: ObservedLock,
  { reader, kept }: { readonly reader: KeptJob; readonly kept: readonly KeptJob[] },
): ObservedLock {
  const others = kept.filter((one) => one.job.uid !== reader.job.uid && names(one, reader.job.namespace, lock));
  const holder = others.find(hasLocks);
  const { phase = 'Pending' } = reader.status;
  if (isHeld(reader) && kept.some(({ job }) => job.uid === reader.job.uid))
    return { ...seen, ...defined({ note: ownOrLater(seen, reader, holder) }) };
  if (!BEFORE_STOP.has(phase)) return seen;
  const isTaken = phase !== 'Locked' && holder !== undefined;
  const text = isTaken ? { uid: holder.job.uid, text: describeJob(holder.job) } : undefined;
  return { ...seen, ...defined({ holder: text, note: heldNote(others) }) };
}

/** That a later job repairs its nodes is said by the copy of that job alone; without it, its own note stands. */
function ownOrLater({ note }: ObservedLock, reader: KeptJob, holder: KeptJob | undefined): ObservedLock['note'] {
  if (holder !== undefined && (holder.status.paused ?? []).length > 0) return noteOfStatus(holder);
  return note?.uid === reader.job.uid ? note : noteOfStatus(reader);
}

export function hasLocks({ status }: Pick<KeptJob, 'status'>): boolean {
  return WITH_LOCKS.has(status.phase ?? 'Pending');
}

function names({ job, status }: KeptJob, namespace: string, lock: string): boolean {
  return job.namespace === namespace && status.locks?.includes(lock) === true;
}

/** Of a job that left nodes paused. Where one is about keys, no other job may touch them. */
function heldNote(kept: readonly KeptJob[]): ObservedLock['note'] {
  const notes = kept.filter(isHeld).map(noteOfStatus);
  return notes.find(({ keys }) => keys === true) ?? notes.at(-1);
}

export function isHeld({ status }: Pick<KeptJob, 'status'>): boolean {
  return status.phase === 'Held' && (status.paused ?? []).length > 0;
}

/** Those of its nodes that a later job has repaired: that job says so before it starts them. */
export function repairedNodes({ job, status }: KeptJob, kept: readonly KeptJob[]): readonly string[] {
  const { phase, since = '', paused = [] } = status;
  if (phase !== 'Held') return [];
  const repairs = kept.filter(
    (one) => one.job.uid !== job.uid && one.job.namespace === job.namespace && isProven(one) && lockedAt(one) >= since,
  );
  const repaired = new Set(repairs.flatMap(({ status: { targets = [] } }) => targets.flatMap(takenOver)));
  return paused.filter((node) => repaired.has(node));
}

function isProven({ status: { phase, failure, risk } }: KeptJob): boolean {
  return (phase === 'Starting' || phase === 'Complete') && failure === undefined && risk === undefined;
}

/** It began after the other had ended. */
function lockedAt({ status: { history = [] } }: KeptJob): string {
  return history.find(({ phase }) => phase === 'Locked')?.at ?? '';
}

function takenOver({ node, detached }: NonNullable<JobStatus['targets']>[number]): readonly string[] {
  return detached === true ? [node] : [];
}

/** Keys of the managed nodes that the job keeps stopped. */
export function pausedNodes({ job: { namespace }, status }: KeptJob): readonly string[] {
  if (!hasLocks({ status }) && status.phase !== 'Held') return [];
  const { paused = [], released = [], targets = [] } = status;
  const managed = targets.filter(({ workload }) => workload.kind === 'BlockchainNode').map(({ node }) => node);
  const nodes = managed.filter((node) => paused.includes(node) && !released.includes(node));
  return nodes.map((name) => keyOf({ metadata: { name, namespace } }));
}
