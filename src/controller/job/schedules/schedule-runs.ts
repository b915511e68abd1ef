// The runs of schedules, from the records.

import { retention } from '../../../jobs/kinds/retention.ts';
import { type JobRecord, UNREADABLE } from '../../../jobs/requests/record.ts';
import type { Records } from '../records.ts';

type Pushed = ReturnType<Records['pushedAll']>;

/** Sorted once for each state of the branch: it may hold the records of years. */
const sorted = new WeakMap<Pushed, ReadonlyMap<string, readonly JobRecord[]>>();

/** The runs of a schedule, named `namespace/name`, that are on record. */
export function runsOf(schedule: string, records: Pick<Records, 'pushedAll'>): readonly JobRecord[] {
  return (bySchedule(records.pushedAll()).get(schedule) ?? []).filter(({ kind }) => kind !== RETENTION);
}

/** What removed its old backups from object storage. */
export function retentionsOf(schedule: string, records: Pick<Records, 'pushedAll'>): readonly JobRecord[] {
  return (bySchedule(records.pushedAll()).get(schedule) ?? []).filter(({ kind }) => kind === RETENTION);
}

const RETENTION = retention.kind;

function bySchedule(pushed: Pushed): ReadonlyMap<string, readonly JobRecord[]> {
  const known = sorted.get(pushed);
  if (known !== undefined) return known;
  const runs = [...pushed.values()].filter(
    (record): record is JobRecord => record !== UNREADABLE && record.schedule !== undefined,
  );
  const found = Map.groupBy(runs, ({ schedule = '' }) => schedule);
  sorted.set(pushed, found);
  return found;
}
