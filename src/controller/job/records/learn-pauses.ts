// What the stored status of a job pauses. Others may write a status, so it counts only for a job that this controller bound,
// and only for the nodes of its spec, which nothing changes.

import type { JobObject } from '../../../api/job-object.ts';
import { readRequest } from '../../../jobs/kinds/index.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Pauses } from '../../node/pauses.ts';
import { isTrusted } from './open-jobs.ts';

interface LearnDeps {
  readonly memory: Pick<Memory, 'current'>;
  readonly pauses: Pick<Pauses, 'learn'>;
}

/** The nodes whose pause changed. */
export function learnPauses(job: JobObject, { memory, pauses }: LearnDeps): readonly string[] {
  const { status, ...bare } = job;
  return pauses.learn(
    isTrusted(job, memory) ? job : bare,
    status?.paused === undefined ? undefined : readRequest(job)?.nodes,
  );
}
