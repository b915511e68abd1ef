// What the stored status of a job pauses. Others may write a status, so it counts only for a job that this controller bound,
// and only for the nodes of its spec, which nothing changes.

import type { JobObject } from '../../../api/job-object.ts';
import { readRequest } from '../../../jobs/kinds/index.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Pauses } from '../../node/pauses.ts';
import { isOpen } from './open-jobs.ts';

interface LearnDeps {
  readonly memory: Pick<Memory, 'current'>;
  readonly pauses: Pick<Pauses, 'learn'>;
}

/** The nodes whose pause changed. After a loss of the memory every status counts, until the jobs under way were found. */
export function learnPauses(job: JobObject, { memory, pauses }: LearnDeps): readonly string[] {
  const { status, ...bare } = job;
  const isTrusted = memory.current.jobs === undefined || isOpen(job, memory);
  return pauses.learn(isTrusted ? job : bare, status?.paused === undefined ? undefined : readRequest(job)?.nodes);
}
