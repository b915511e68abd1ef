// Worker Jobs that are left of jobs without an object: nothing else removes them, and their pods keep volumes in use.

import { JOB_UID_LABEL } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { UNREADABLE } from '../../jobs/requests/record.ts';
import { valueAt } from '../../lib/json-value.ts';
import type { RequestsDeps } from './deps.ts';

type OrphanDeps = Pick<RequestsDeps, 'cluster' | 'jobs' | 'records' | 'runtime'>;

/**
 * Removes by UID the worker Jobs of jobs that ended, have a record here, and whose object was deleted before
 * `ttlSecondsAfterFinished` was over. A job without a record, or that has not ended, is left to recover-locks.ts.
 */
export async function removeOrphanWorkerJobs({ cluster, jobs, records, runtime }: OrphanDeps): Promise<void> {
  const orphans = jobs.workerJobs().flatMap((workerJob) => {
    const uid = workerJob.metadata.labels?.[JOB_UID_LABEL];
    const isIdle = Number(valueAt(workerJob, ['status', 'active']) ?? 0) === 0;
    return uid === undefined || !isIdle || jobs.keyOfUid(uid) !== undefined ? [] : [{ uid, workerJob }];
  });
  if (orphans.length === 0) return;
  const ended = new Set(
    [...records.pushedAll().values()].flatMap((record) =>
      record !== UNREADABLE && isFinal(record.phase) ? (record.uid ?? []) : [],
    ),
  );
  for (const { workerJob } of orphans.filter(({ uid }) => ended.has(uid))) {
    const { name, namespace = '', uid = '' } = workerJob.metadata;
    runtime.log.info({ job: `${namespace}/${name}`, reason: 'its job has no object any more' }, 'Removing worker Job');
    await cluster.remove({ apiVersion: 'batch/v1', kind: 'Job', namespace, name }, { uid, propagation: 'Background' });
  }
}
