// What a plan says of a node that a job is at work on, or keeps stopped.

import { isBeforeWork, type JobPhase } from '../api/job-phase.ts';
import type { NodeWorkload } from '../api/node-workload.ts';

export type BusyNode =
  | {
      /** A job under way: `Backup ns/nightly` */
      readonly job: string;
      readonly phase: JobPhase;
      readonly isPaused: boolean;
    }
  /** Why the node stays paused, in words, where no job is known to be under way. */
  | { readonly message: string; readonly phase?: undefined; readonly isPaused: true };

/** The pod of a node that should run, and does not while the job keeps it stopped; undefined where no job does. */
export function pausedStart({ pod }: NodeWorkload, busy: BusyNode | undefined): string | undefined {
  if (busy?.isPaused !== true) return undefined;
  if (busy.phase === undefined) return `the pod ${pod} does not start: ${busy.message}`;
  return `the pod ${pod} does not run now: ${keeper(busy)}. It starts, with this change, when that job has ended, unless it ends Held`;
}

function keeper({ job, phase }: Extract<BusyNode, { readonly job: string }>): string {
  return `${job} (${phase}) keeps the node stopped`;
}

/** A node that should stop, or be deleted, and has no pod already. */
export function pausedStop({ pod }: NodeWorkload, busy: BusyNode | undefined): string | undefined {
  if (busy?.isPaused !== true) return undefined;
  return `the pod ${pod} does not run now: ${busy.phase === undefined ? busy.message : keeper(busy)}`;
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
