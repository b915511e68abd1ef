// Which records name a copy in object storage that a Retention has removed.

import type { JobObject } from '../../api/job-object.ts';
import { textAt } from '../../lib/json-value.ts';
import { isOwnRun } from './own-backup.ts';
import type { JobRecord } from './record.ts';

export interface RemovedCopy {
  readonly record: JobRecord;
  readonly because: string;
}

interface ScheduleName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * By what the newest complete Retention of the schedule found in the repository when it ended: also what an interrupted one
 * has removed is gone. A backup that was not on record by then is not judged. Only the object of a Retention says this. `runs`
 * are as their objects report them; of one without an object there is the record alone, which others can write. It counts all the
 * same: the object goes before the record of the removal is pushed, and with a lost cluster.
 */
export function removedCopies(
  schedule: ScheduleName,
  runs: readonly JobRecord[],
  retentions: readonly JobObject[],
): readonly RemovedCopy[] {
  const [newest] = completed(schedule, retentions);
  const left = newest?.status?.works?.[0]?.snapshotsLeft;
  if (newest === undefined || left === undefined) return [];
  const began = newest.status?.startTime ?? '';
  const node = textAt(newest.spec, ['node']);
  const location = textAt(newest.spec, ['destination', 'objectStorage', 'name']);
  const because = `removed by Retention ${schedule.namespace}/${newest.metadata.name}`;
  return runs
    .filter((record) => isOwnRun(record, schedule) && isGone(record, { left, began, node, location }))
    .map((record) => ({ record, because }));
}

/** Those that say nothing any more, because a newer one of the same schedule is complete. */
export function outdatedRetentions(schedule: ScheduleName, retentions: readonly JobObject[]): readonly JobObject[] {
  return completed(schedule, retentions).slice(1);
}

/** Newest first. */
function completed({ namespace, name }: ScheduleName, retentions: readonly JobObject[]): readonly JobObject[] {
  return retentions
    .filter(
      ({ metadata, spec, status }) =>
        metadata.namespace === namespace && textAt(spec, ['schedule']) === name && status?.phase === 'Complete',
    )
    .toSorted((a, b) => ((a.status?.endTime ?? '') < (b.status?.endTime ?? '') ? 1 : -1));
}

interface Found {
  readonly left: readonly string[];
  readonly began: string;
  readonly node: string | undefined;
  readonly location: string | undefined;
}

/** A schedule may have had another location before. */
function isGone({ objectStorage, endedAt, nodes }: JobRecord, { left, began, ...of }: Found): boolean {
  const { snapshot, location } = objectStorage ?? {};
  if (snapshot === undefined || endedAt === undefined || endedAt >= began) return false;
  if (nodes?.[0] !== of.node || location !== of.location) return false;
  return !left.some((id) => snapshot.startsWith(id));
}
