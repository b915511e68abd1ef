// After a Retention: the records of the backups that it removed from object storage say so, and objects that say nothing any
// more are removed, as for backups on PVCs.

import { keyOf } from '../../../api/objects.ts';
import type { DesiredSchedule } from '../../../desired/desired-set.ts';
import { retention } from '../../../jobs/kinds/retention.ts';
import { outdatedRetentions, removedCopies } from '../../../jobs/requests/removed-copies.ts';
import type { RequestsDeps } from '../deps.ts';
import { objectOf, withoutData } from '../retention.ts';
import { retentionsOf, runsOf } from '../schedules/schedule-runs.ts';
import { asReported, objectOfRecord, objectsByKey } from './reported-record.ts';

type RemovalDeps = Pick<RequestsDeps, 'cluster' | 'jobs' | 'records' | 'runtime'>;

/** `schedules`: of this controller. True when a record changed. A crash in between repeats what it has done. */
export async function recordRemovals(schedules: readonly DesiredSchedule[], deps: RemovalDeps): Promise<boolean> {
  const all = deps.jobs.list();
  const objects = all.filter(({ kind }) => kind === retention.kind);
  const byKey = objectsByKey(all);
  let changed = false;
  for (const schedule of schedules) {
    const key = keyOf(schedule);
    const runs = runsOf(key, deps.records).map((record) => asReported(record, objectOfRecord(record, byKey)));
    for (const { record, because } of removedCopies(schedule, runs, objects)) {
      const { kind, namespace, name, uid } = record;
      deps.runtime.log.info({ job: `${kind} ${namespace}/${name}`, reason: because }, 'Recording a removed backup');
      deps.records.put(withoutData(record, because));
      if (uid !== undefined) await deps.cluster.remove(objectOf(record), { uid, propagation: 'Background' });
      changed = true;
    }
    // Only those that the schedule filed and that are on record; one that was filed by hand stays until its file goes.
    const recorded = new Map(retentionsOf(key, deps.records).map((record) => [record.uid, record]));
    for (const { metadata } of outdatedRetentions(schedule, objects)) {
      const record = recorded.get(metadata.uid);
      if (record?.phase !== 'Complete' || metadata.uid === undefined) continue;
      await deps.cluster.remove(objectOf(record), { uid: metadata.uid, propagation: 'Background' });
    }
  }
  return changed;
}
