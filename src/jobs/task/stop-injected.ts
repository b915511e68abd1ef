// Ends worker pods that only a container of someone else keeps running.

import type { JobTask } from '../../api/job-status.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import { DEADLINE } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import type { ObservedTask } from '../model/observation.ts';
import type { Scope } from '../model/scope.ts';

/**
 * The container of a mesh never ends by itself. The Job of a task that has ended, whose result is on record, is deleted as soon
 * as nothing else runs in its pod; what the Job has beside `work` gets time to end.
 */
export function stopInjected({ observed, now }: Scope, tasks: readonly JobTask[]): readonly Effect[] {
  return tasks.flatMap(({ name, uid, endedAt }) => {
    const live = observed.tasks.get(name);
    if (uid === undefined || endedAt === undefined || live?.uid !== uid || !isKept(live)) return [];
    if (live.besideRuns === true && now - (millisecondsOf(endedAt) ?? now) <= DEADLINE.beside) return [];
    return [
      { do: 'deleteJob', name, uid, because: 'its task has ended, and a container that was added to its pod keeps it' },
    ];
  });
}

function isKept({ active, taskEnded, injectedRuns }: ObservedTask): boolean {
  return active > 0 && taskEnded !== undefined && injectedRuns === true;
}
