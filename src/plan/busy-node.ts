// What a plan says of a node that a job is at work on, or keeps stopped.

import { isBeforeWork, type JobPhase } from '../api/job-phase.ts';
import type { NodeWorkload } from '../api/node-workload.ts';

export interface BusyNode {
  /** `Backup ns/nightly` */
  readonly job: string;
  /** Of a job under way; absent of one that ended, or whose object is gone, and left the node paused. */
  readonly phase?: JobPhase;
  /** Why the node stays paused, in words, where no job is under way. */
  readonly message?: string;
  readonly isPaused: boolean;
}

/** The pod of a node that should run, and does not while the job keeps it stopped; undefined where no job does. */
export function pausedStart({ pod }: NodeWorkload, busy: BusyNode | undefined): string | undefined {
  if (busy?.isPaused !== true) return undefined;
  const { job, phase, message } = busy;
  return phase === undefined
    ? `the pod ${pod} does not start: ${message ?? `left paused by ${job}`}`
    : `the pod ${pod} does not run now: ${job} (${phase}) keeps the node stopped. It starts, with this change, when that job has ended, unless it ends Held`;
}

/** A node that should stop, or be deleted, and has no pod already. */
export function pausedStop({ pod }: NodeWorkload, busy: BusyNode | undefined): string | undefined {
  if (busy?.isPaused !== true) return undefined;
  const { job, phase } = busy;
  const who = phase === undefined ? `${job} left the node paused` : `${job} (${phase}) keeps the node stopped`;
  return `the pod ${pod} does not run now: ${who}`;
}

/** What becomes of the job of a node that is deleted. */
export function deletedUnder(busy: BusyNode | undefined): readonly string[] {
  if (busy?.phase === undefined) return [];
  return [`${busy.job} is under way on it (${busy.phase}): ${outcome(busy.phase)}`];
}

function outcome(phase: JobPhase): string {
  if (isBeforeWork(phase)) return 'it is refused (NodeMissing), and has changed nothing';
  if (phase === 'Stopping') return 'it fails (NodeMissing) before its work begins';
  return 'it continues to its end, and starts no pod after that';
}
