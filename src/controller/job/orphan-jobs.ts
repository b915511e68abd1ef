// Working Jobs that are left of requests without an object: nobody else would remove them, and their pods keep volumes.

import { JOB_UID_LABEL } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-status.ts';
import { UNREADABLE } from '../../jobs/requests/record.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { valueAt } from '../../lib/json-value.ts';
import type { JobWorld } from './watches.ts';
import type { Records } from './records.ts';
import type { Runtime } from '../engine/runtime.ts';

export interface OrphanRooms {
  readonly cluster: Cluster;
  readonly jobs: JobWorld;
  readonly records: Records;
  readonly runtime: Runtime;
}

/**
 * Removes by UID the Jobs of requests that ended, are on record here, and whose object somebody removed before
 * `ttlSecondsAfterFinished` was over. One that has no record, or not ended, is for `lost-locks` to judge.
 */
export async function removeOrphanJobs({ cluster, jobs, records, runtime }: OrphanRooms): Promise<void> {
  if (jobs.isBlind()) return;
  const orphans = jobs.works().flatMap((work) => {
    const uid = work.metadata.labels?.[JOB_UID_LABEL];
    const isIdle = Number(valueAt(work, ['status', 'active']) ?? 0) === 0;
    return uid === undefined || !isIdle || jobs.keyOfUid(uid) !== undefined ? [] : [{ uid, work }];
  });
  if (orphans.length === 0) return;
  const ended = new Set(
    [...records.pushedAll().values()].flatMap((record) =>
      record !== UNREADABLE && isFinal(record.phase) ? (record.uid ?? []) : [],
    ),
  );
  for (const { work } of orphans.filter(({ uid }) => ended.has(uid))) {
    const { name, namespace = '', uid = '' } = work.metadata;
    runtime.log.info({ job: `${namespace}/${name}`, reason: 'its request has no object any more' }, 'Removing a Job');
    await cluster.remove({ apiVersion: 'batch/v1', kind: 'Job', namespace, name }, { uid, propagation: 'Background' });
  }
}
