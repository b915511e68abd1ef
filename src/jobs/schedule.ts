// When a JobSchedule files a request, and under which name.

import type { JobScheduleSpec } from '../api/job-schedule.ts';
import { isFinal, type JobPhase } from '../api/job-status.ts';
import { fit } from './names.ts';

export interface ScheduleInput {
  readonly name: string;
  readonly spec: Pick<JobScheduleSpec, 'concurrencyPolicy' | 'startingDeadlineSeconds' | 'suspend'>;
  /** Time of the last run that was filed or skipped, or when the schedule was first seen. Milliseconds. */
  readonly lastScheduled: number;
  readonly now: number;
  /** The first time of the cron expression after a moment; undefined when there is none. */
  readonly nextTime: (after: number) => number | undefined;
  /** Requests that this schedule has filed. */
  readonly runs: readonly { readonly name: string; readonly phase: JobPhase }[];
}

export interface ScheduleDecision {
  /** The request to file, at most one: of several missed times only the latest is made up for. */
  readonly file?: { readonly name: string; readonly at: number };
  /** Requests to cancel because a newer one takes their place; only such as have not begun. */
  readonly cancel: readonly string[];
  /** Up to where time is dealt with: the next `lastScheduled`. */
  readonly lastScheduled: number;
  /** When to look again. */
  readonly next: number | undefined;
  /** Why a due run was not filed. */
  readonly skipped?: string;
}

const NOT_BEGUN: readonly JobPhase[] = ['Pending', 'Claimed', 'Locked'];

/** The same moment always has the same name, so a run is filed once whoever counts the minutes. */
export function runName(schedule: string, at: number): string {
  return fit(`${schedule}-${Math.floor(at / 60_000)}`, 63);
}

/** What is due. A name that exists already is never filed again. */
export function dueRun(input: ScheduleInput): ScheduleDecision {
  const { name, spec, now, nextTime, runs } = input;
  if (spec.suspend) return { cancel: [], lastScheduled: now, next: nextTime(now), skipped: 'suspended' };
  const due = latestDue(input);
  const next = nextTime(Math.max(now, due ?? now));
  if (due === undefined) return { cancel: [], lastScheduled: input.lastScheduled, next };
  const decided = { lastScheduled: due, next };
  if (now - due > spec.startingDeadlineSeconds * 1000)
    return { ...decided, cancel: [], skipped: 'it is later than startingDeadlineSeconds' };
  const run = runName(name, due);
  if (runs.some((known) => known.name === run)) return { ...decided, cancel: [] };
  const active = runs.filter(({ phase }) => !isFinal(phase));
  if (active.length > 0 && spec.concurrencyPolicy === 'Forbid')
    return { ...decided, cancel: [], skipped: `${active[0]?.name ?? 'a run'} is not finished` };
  const cancel = spec.concurrencyPolicy === 'Replace' ? active.filter(({ phase }) => NOT_BEGUN.includes(phase)) : [];
  return { ...decided, cancel: cancel.map((known) => known.name), file: { name: run, at: due } };
}

const MAX_STEPS = 10_000;

/** The latest time that has come. Times before the starting deadline are not walked through one by one. */
function latestDue({ lastScheduled, now, nextTime, spec }: ScheduleInput): number | undefined {
  let latest: number | undefined;
  let from = Math.max(lastScheduled, now - Math.max(spec.startingDeadlineSeconds * 1000, 60_000) - 1);
  for (let step = 0; step < MAX_STEPS; step++) {
    const time = nextTime(from);
    if (time === undefined || time > now || time <= from) break;
    latest = time;
    from = time;
  }
  return latest ?? firstMissed({ lastScheduled, now, nextTime });
}

/** A time so old that it can only be skipped; it is reported once. */
function firstMissed({
  lastScheduled,
  now,
  nextTime,
}: Pick<ScheduleInput, 'lastScheduled' | 'now' | 'nextTime'>): number | undefined {
  const time = nextTime(lastScheduled);
  return time !== undefined && time <= now && time > lastScheduled ? time : undefined;
}
