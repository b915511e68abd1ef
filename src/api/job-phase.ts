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

/** Whether nothing more is done for a job in this phase. `Held` ends too, but a person may release its nodes. */
export function isFinal(phase: JobPhase): boolean {
  return FINAL.includes(phase);
}
