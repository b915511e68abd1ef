// Whether a job is one that this controller has bound to a claim, by its memory.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import type { Memory } from '../../engine/memory.ts';

/** While the memory is unknown, no job is. */
export function isOpen(job: JobObject, { current }: Pick<Memory, 'current'>): boolean {
  const { uid } = job.metadata;
  return uid !== undefined && current.jobs?.[jobKeyOf(job)] === uid;
}
