// The request that removes old backups of a schedule from object storage: one after each backup that is proven.

import { ANNOTATION, API_VERSION } from '../../../api/group.ts';
import { StoredDestination } from '../../../api/job.ts';
import { isFinal } from '../../../api/job-phase.ts';
import { keyOf } from '../../../api/objects.ts';
import type { DesiredRequest, DesiredSchedule } from '../../../desired/desired-set.ts';
import { retention } from '../../../jobs/kinds/retention.ts';
import { fit } from '../../../jobs/model/names.ts';
import { isProvenCopy, type JobRecord } from '../../../jobs/requests/record.ts';
import { digestOf } from '../../../lib/hash.ts';
import { member, textAt } from '../../../lib/json-value.ts';

/** None while the last one has not ended, or when each backup was followed by one. `runs`, `retentions`: as pushed. */
export function retentionRequests(
  schedule: DesiredSchedule,
  runs: readonly JobRecord[],
  retentions: readonly JobRecord[],
): readonly DesiredRequest[] {
  const { keep, template } = schedule.spec;
  const destination = StoredDestination.safeParse(member(template.spec, 'destination'));
  const node = textAt(template.spec, ['node']);
  if (keep === undefined || !destination.success || node === undefined) return [];
  const underWay = retentions.find(({ phase }) => !isFinal(phase));
  const newest = newestProven(runs);
  const name = underWay?.name ?? (newest === undefined ? undefined : fit(`${newest.name}-keep`, 63));
  if (name === undefined || retentions.some((one) => one.name === name && isFinal(one.phase))) return [];
  const spec = { node, schedule: schedule.name, destination: destination.data, keep };
  return [requestOf(schedule, { name, spec, claimed: underWay })];
}

/** The first backup has nothing before it. */
function newestProven(runs: readonly JobRecord[]): JobRecord | undefined {
  const proven = runs.filter((run) => isProvenCopy(run) && run.objectStorage !== undefined);
  if (proven.length < 2) return undefined;
  return proven.reduce((last, one) => ((one.endedAt ?? '') > (last.endedAt ?? '') ? one : last));
}

interface Filed {
  readonly name: string;
  readonly spec: object;
  readonly claimed: JobRecord | undefined;
}

function requestOf(schedule: DesiredSchedule, { name, spec, claimed }: Filed): DesiredRequest {
  const { executor, file, line, namespace } = schedule;
  return {
    request: {
      apiVersion: API_VERSION,
      kind: retention.kind,
      metadata: { name, namespace, annotations: { [ANNOTATION.file]: file } },
      spec: { ...retention.spec.parse(spec), executor },
    },
    executor,
    file,
    line,
    // What was claimed stays what it was claimed as when the schedule changes.
    specDigest: claimed?.specDigest ?? digestOf({ kind: retention.kind, spec }),
    schedule: keyOf(schedule),
  };
}
