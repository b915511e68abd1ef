// When a JobSchedule files a request, and under which name.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import { fit } from '../model/names.ts';

export interface ScheduleInput {
  readonly name: string;
  readonly spec: Pick<JobScheduleSpec, 'concurrencyPolicy' | 'startingDeadlineSeconds' | 'suspend'>;
  /** Time of the last run that was filed or skipped, or when the schedule was first seen. Milliseconds. */
  readonly lastScheduled: number;
  readonly now: number;
  /** The first time of the cron expression after a moment; undefined when there is none. */
  readonly nextTime: (after: number) => number | undefined;
  /** The run that was filed and is not on record yet. While it waits (Git may be down), nothing else is filed. */
  readonly pending?: string;
  /** Its runs that are on record. */
  readonly runs: readonly { readonly name: string; readonly phase: JobPhase }[];
}

export interface ScheduleDecision {
  /** The request to file, at most one: of several missed times only the latest is made up for. */
  readonly file?: { readonly name: string; readonly at: number };
  /** Up to where time is dealt with: the next `lastScheduled`. */
  readonly lastScheduled: number;
  /** When to check again. */
  readonly next: number | undefined;
  /** Why a due run was not filed. */
  readonly skipped?: string;
  /** The due run is on record. */
  readonly recorded?: true;
}

/** The same moment always has the same name, so a run is filed once, also by two processes. */
export function runName(schedule: string, at: number): string {
  return fit(`${schedule}-${Math.floor(at / 60_000)}`, 63);
}

/** Whether `run` is a name that this schedule gives to its runs. */
export function isRunOf(schedule: string, run: string): boolean {
  const minutes = [...run.matchAll(/\d{1,12}/g)].map(([minute]) => Number(minute));
  if (minutes.some((minute) => runName(schedule, minute * 60_000) === run)) return true;
  // So long a name is cut before the minute: what is left of the schedule's name decides.
  const isCut = schedule.length >= 55 && run.length >= 55 && /-[0-9a-f]{8}$/.test(run);
  return isCut && fit(schedule, 63).startsWith(run.slice(0, -9));
}

/** A run of a schedule with a shorter name has all of it in its name. */
const SHORTEST_CUT = 50;

/** Which of the schedules gives its runs that name, for many names. */
export function schedulesByRun(schedules: readonly string[]): (run: string) => string | undefined {
  const all = new Set(schedules);
  const long = schedules.filter(({ length }) => length >= SHORTEST_CUT);
  return (run) => {
    const base = /^(.*)-\d{1,12}$/.exec(run)?.[1];
    return base !== undefined && all.has(base) ? base : long.find((one) => isRunOf(one, run));
  };
}

const DAY = 86_400_000;

/** What is due. A name that exists already is never filed again. */
export function dueRun(input: ScheduleInput): ScheduleDecision {
  const { name, now, nextTime, runs } = input;
  const due = latestDue(input);
  const next = nextTime(now);
  // What was searched without a match is done with; recorded once a day, so that an idle schedule writes nothing else.
  if (due === undefined) return { lastScheduled: now - input.lastScheduled > DAY ? now : input.lastScheduled, next };
  const run = runName(name, due);
  const decided = { lastScheduled: due, next };
  if (input.pending === run) return { ...decided, file: { name: run, at: due } };
  if (input.pending !== undefined) return { lastScheduled: input.lastScheduled, next };
  if (runs.some((known) => known.name === run)) return { ...decided, recorded: true };
  const skipped = whySkipped(input, due);
  return skipped === undefined ? { ...decided, file: { name: run, at: due } } : { ...decided, skipped };
}

function whySkipped({ spec, now, runs }: ScheduleInput, due: number): string | undefined {
  if (spec.suspend) return 'suspended';
  if (now - due > spec.startingDeadlineSeconds * 1000) return 'it is later than startingDeadlineSeconds';
  const active = spec.concurrencyPolicy === 'Forbid' ? runs.find(({ phase }) => !isFinal(phase)) : undefined;
  return active === undefined ? undefined : `${active.name} is not finished`;
}

const NOT_BEGUN: readonly JobPhase[] = ['Pending', 'Claimed', 'Locked'];

/**
 * With the policy `Replace`: names of runs that have not begun and that a newer one on record stands in for. A run whose
 * work has begun continues to its end.
 */
export function supersededRuns(
  { concurrencyPolicy }: Pick<JobScheduleSpec, 'concurrencyPolicy'>,
  runs: readonly { readonly name: string; readonly phase: JobPhase; readonly claimedAt?: string | undefined }[],
): ReadonlySet<string> {
  if (concurrencyPolicy !== 'Replace') return new Set();
  const newest = runs.reduce((last, { claimedAt = '' }) => (claimedAt > last ? claimedAt : last), '');
  const waiting = runs.filter(({ phase, claimedAt = '' }) => NOT_BEGUN.includes(phase) && claimedAt < newest);
  return new Set(waiting.map(({ name }) => name));
}

const MAX_STEPS = 10_000;
/** Searched from the shortest: a week of a run each minute has ten thousand times, of which the last counts. */
const WINDOWS = [3_600_000, DAY, 7 * DAY, Infinity];

/** The latest time that has come. Times before the starting deadline are not walked through one by one. */
function latestDue({ lastScheduled, now, nextTime, spec }: ScheduleInput): number | undefined {
  const earliest = Math.max(lastScheduled, now - Math.max(spec.startingDeadlineSeconds * 1000, 60_000) - 1);
  for (const window of WINDOWS) {
    const from = Math.max(earliest, now - window);
    const latest = lastAfter(from, { now, nextTime });
    if (latest !== undefined) return latest;
    if (from === earliest) break;
  }
  return firstMissed({ lastScheduled, now, nextTime });
}

/** The last time after `from` that has come. */
function lastAfter(from: number, { now, nextTime }: Pick<ScheduleInput, 'now' | 'nextTime'>): number | undefined {
  let latest: number | undefined;
  for (let step = 0; step < MAX_STEPS; step++) {
    const time = nextTime(latest ?? from);
    if (time === undefined || time > now) break;
    latest = time;
  }
  return latest;
}

/** A time so old that it can only be skipped; it is reported once. */
function firstMissed({
  lastScheduled,
  now,
  nextTime,
}: Pick<ScheduleInput, 'lastScheduled' | 'now' | 'nextTime'>): number | undefined {
  const time = nextTime(lastScheduled);
  return time !== undefined && time <= now ? time : undefined;
}
