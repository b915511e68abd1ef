// A change of a job's object in the cluster: what it means for the nodes it keeps stopped, and which notice it is.

import type { JobObject } from '../../api/job-object.ts';
import type { Notify } from '../engine/notices.ts';
import type { Memory } from '../engine/memory.ts';
import type { Pauses } from '../node/pauses.ts';
import { learnPauses } from './records/learn-pauses.ts';
import type { KeptStatuses } from './records/kept-statuses.ts';
import type { JobChange, JobListener } from './watches.ts';

/** Whether a job object vanished that may have left a lock behind. Kept while the lock recovery has not finished. */
export interface LockRecovery {
  isDue: boolean;
}

export interface JobChangesDeps {
  readonly memory: Pick<Memory, 'current'>;
  readonly pauses: Pauses;
  readonly statuses: Pick<KeptStatuses, 'stored' | 'trusted'>;
  readonly lockRecovery: LockRecovery;
  readonly notify: Notify;
}

export function createJobListener(deps: JobChangesDeps): JobListener {
  return {
    onJob: (change) => reportChange(change, deps),
    onWorker: (key) => deps.notify('WorkerChanged', { key }),
  };
}

function reportChange({ key, old, now }: JobChange, deps: JobChangesDeps): void {
  const isReplaced = old !== undefined && old.metadata.uid !== now?.metadata.uid;
  // Its pauses stay until its locks were examined: a worker pod may be writing to the data of the node.
  if (isReplaced) deps.lockRecovery.isDue = true;
  if (now !== undefined) reportNow({ key, now, old: isReplaced ? undefined : old }, deps);
  else if (old !== undefined) deps.notify('JobDeleted', { key, job: old });
}

type Now = JobChange & { readonly now: JobObject };

/** `old`: the same object before. */
function reportNow({ key, old, now }: Now, deps: JobChangesDeps): void {
  const { notify } = deps;
  const trusted = deps.statuses.trusted(now);
  const nodeKeys = learnPauses(deps.statuses.stored(now), deps);
  if (nodeKeys.length > 0) notify('PausesChanged', { nodeKeys });
  if (old === undefined) notify('JobCreated', { key, job: now });
  else if (trusted !== now || inputOf(old) !== inputOf(now)) notify('JobChanged', { key, job: now });
}

/** Not its own status: the reconciliation that wrote it queues the next one by itself. */
function inputOf({ metadata }: NonNullable<JobChange['now']>): string {
  return JSON.stringify([metadata.deletionTimestamp, metadata.annotations]);
}
