// What the status branch says of schedules.

import { keyOf } from '../../../api/objects.ts';
import type { DesiredSchedule } from '../../../desired/desired-set.ts';
import { nextRun } from '../../../jobs/requests/schedule-clock.ts';
import type { JobRecord } from '../../../jobs/requests/record.ts';
import { timestamp } from '../../../lib/timestamp.ts';
import type { ScheduleView } from '../../../status/fleet-view.ts';
import type { Records } from '../records.ts';
import { runsOf } from './schedule-runs.ts';

interface ViewInput {
  readonly records: Records;
  /** Why the last due run was not filed, by schedule. */
  readonly skips: Readonly<Record<string, string>>;
  readonly now: number;
}

/** One a schedule, in their order. */
export function scheduleViews(
  schedules: readonly DesiredSchedule[],
  { records, skips, now }: ViewInput,
): readonly ScheduleView[] {
  if (schedules.length === 0) return [];
  return schedules.map((schedule) => {
    const { file, spec } = schedule;
    const key = keyOf(schedule);
    const next = spec.suspend ? undefined : nextRun(spec, now);
    return {
      schedule: key,
      file,
      kind: spec.template.kind,
      suspended: spec.suspend,
      next: next === undefined ? undefined : timestamp(next),
      last: newest(runsOf(key, records))?.name,
      skipped: skips[key],
    };
  });
}

function newest(runs: readonly JobRecord[]): JobRecord | undefined {
  return runs.reduce<JobRecord | undefined>(
    (last, run) => (last === undefined || (last.claimedAt ?? '') < (run.claimedAt ?? '') ? run : last),
    undefined,
  );
}
