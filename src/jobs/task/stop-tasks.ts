// Stops the worker Jobs of one request.

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
