// The phases of a one-shot job.

import { z } from 'zod';

export const JobPhase = z.enum([
  'Pending',
  'Claimed',
  'Locked',
  'Stopping',
  'Working',
  'Verifying',
  'Starting',
  'Complete',
  'Failed',
  'Held',
  'Interrupted',
  'Refused',
  'Cancelled',
]);
export type JobPhase = z.infer<typeof JobPhase>;

const FINAL: readonly JobPhase[] = ['Complete', 'Failed', 'Held', 'Interrupted', 'Refused', 'Cancelled'];

/** Whether a job in this phase is finished. `Held` is final too, but its nodes may still be released. */
export function isFinal(phase: JobPhase): boolean {
  return FINAL.includes(phase);
}

const NEVER_RAN: readonly JobPhase[] = ['Refused', 'Cancelled'];

/** Whether a job that ended in this phase has done nothing. */
export function hasNeverRun(phase: JobPhase): boolean {
  return NEVER_RAN.includes(phase);
}

const BEFORE_WORK: readonly JobPhase[] = ['Pending', 'Claimed', 'Locked'];

/** Whether a job in this phase has changed nothing yet. */
export function isBeforeWork(phase: JobPhase | undefined = 'Pending'): boolean {
  return BEFORE_WORK.includes(phase);
}
