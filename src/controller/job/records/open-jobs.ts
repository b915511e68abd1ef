// Whether a job is one that this controller has bound to a claim, by its memory.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { hasBegunOn } from '../../../jobs/model/works-on.ts';
import type { Memory } from '../../engine/memory.ts';
import type { JobWatches } from '../watches.ts';

/** While the memory is unknown, no job is. */
export function isOpen(job: JobObject, { current }: Pick<Memory, 'current'>): boolean {
  const { uid } = job.metadata;
  return uid !== undefined && current.jobs?.[jobKeyOf(job)] === uid;
}

/** Whether its status may count: others may write one. After a loss of the memory all do, until the jobs under way were found. */
export function isTrusted(job: JobObject, memory: Pick<Memory, 'current'>): boolean {
  return memory.current.jobs === undefined || isOpen(job, memory);
}

/** Whether a job has begun its work on the node, `namespace/name`. */
export function hasBegun(
  nodeKey: string,
  { jobs, memory }: { readonly jobs: Pick<JobWatches, 'list'>; readonly memory: Pick<Memory, 'current'> },
): boolean {
  return jobs.list().some((job) => isTrusted(job, memory) && hasBegunOn(job, nodeKey));
}
