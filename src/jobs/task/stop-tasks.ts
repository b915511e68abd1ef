// Stops the worker Jobs of one request.

import type { JobTask } from '../../api/job-status.ts';
import type { Effect } from '../model/effect.ts';
import type { Scope } from '../model/scope.ts';

/** Deletes the worker Jobs of a request that has failed: they must not continue. */
export function stopTasks({ status, observed }: Pick<Scope, 'status' | 'observed'>): readonly Effect[] {
  return (status.works ?? []).flatMap(({ name, uid, outcome }) =>
    uid !== undefined && observed.tasks.get(name)?.uid === uid && outcome !== 'Succeeded'
      ? [{ do: 'deleteJob', name, uid, because: 'the work has failed' } as const]
      : [],
  );
}

/**
 * Deletes the worker Jobs that were given up before their work ended, until they are gone: a pod that waits for an image would
 * wait as long as the Job may take. One that has ended by itself stays for its log.
 */
export function stopAborted(scope: Pick<Scope, 'status' | 'observed'>): readonly Effect[] {
  const { tasks } = scope.observed;
  const ended = new Set(
    [...tasks].flatMap(([name, { finished, taskEnded }]) =>
      finished === undefined && taskEnded === undefined ? [] : [name],
    ),
  );
  return stopTasks(scope).filter((effect) => effect.do === 'deleteJob' && !ended.has(effect.name));
}

/** Deletes the Jobs whose pods were not all made by them, with all of these pods. */
export function stopForged(tasks: readonly JobTask[]): readonly Effect[] {
  return tasks.flatMap(({ name, uid, code }) =>
    uid === undefined || code !== 'PodNotOfJob'
      ? []
      : [{ do: 'deleteJob', name, uid, because: 'a pod that it did not make has it as its owner' } as const],
  );
}
