// Whether a task of the job may have run.

import type { JobTask } from '../../api/job-status.ts';
import type { Scope } from '../model/scope.ts';

/** A task without a UID was not let run; one of a later attempt has another name and no UID yet, and the one before it ran. */
export function hasBegun(tasks: readonly JobTask[] | undefined): boolean {
  return (tasks ?? []).some(({ uid, attempt }) => uid !== undefined || attempt > 1);
}

/**
 * A record, a location, a class or a PVC may be gone under the work, also because someone else changed it. What tasks that have run
 * did to the data of the node is not known then.
 */
export function mayHaveChanged({ open, status }: Pick<Scope, 'open' | 'status'>): boolean {
  return open.repairs && hasBegun(status.works);
}
