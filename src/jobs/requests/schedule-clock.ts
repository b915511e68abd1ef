// When a JobSchedule is due: a pure function of the expression, the time zone and a moment.
//
// A run is due at every minute whose local time matches, as in a Kubernetes CronJob. When the clock is set forward, local
// times that do not exist have no run on that day; when it is set back, local times that occur twice have two runs.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import { calendarDay, DAY, stretches } from '../../lib/dates/local-time.ts';
import { type Cron, parseCron } from './cron.ts';

export type Expression = Pick<JobScheduleSpec, 'schedule' | 'timeZone'>;

const MINUTE = 60_000;
/** No time zone is further from UTC, and no clock change is larger. */
const MAX_OFFSET = 26 * 3_600_000;
/** February 29 on a given day of the week recurs within 40 years, also across 2100. */
const MAX_DAYS = 41 * 366;

/** The first run after `after`, in milliseconds since the epoch; undefined when there is none. Throws for an unknown zone. */
export function nextRun({ schedule, timeZone }: Expression, after: number): number | undefined {
  const parsed = parseCron(schedule);
  if (!parsed.ok) return undefined;
  const first = Math.floor((after - MAX_OFFSET) / DAY);
  let found: number | undefined;
  for (let day = first; day < first + MAX_DAYS; day += 1) {
    // A clock that is set back across midnight repeats a day after the next one has begun.
    if (found !== undefined && day * DAY - MAX_OFFSET > found) return found;
    if (!matchesDay(parsed.cron, day)) continue;
    const run = firstOnDay({ cron: parsed.cron, timeZone, day, after });
    if (run !== undefined && (found === undefined || run < found)) found = run;
  }
  return found;
}

function matchesDay({ days, weekdays, months, eitherDay }: Cron, day: number): boolean {
  const { month, date, weekday } = calendarDay(day);
  if (!months.has(month)) return false;
  const [byMonth, byWeek] = [days.has(date), weekdays.has(weekday)];
  return eitherDay ? byMonth || byWeek : byMonth && byWeek;
}

interface LocalDay {
  readonly cron: Cron;
  readonly timeZone: string;
  /** The local date, as days since the epoch. */
  readonly day: number;
  readonly after: number;
}

function firstOnDay({ cron, timeZone, day, after }: LocalDay): number | undefined {
  for (const { from, to, offset } of stretches(timeZone, day * DAY - MAX_OFFSET, (day + 1) * DAY + MAX_OFFSET)) {
    const start = Math.max(from, day * DAY - offset, Math.floor(after / MINUTE) * MINUTE + MINUTE);
    const run = firstMatch(cron, Math.ceil(start / MINUTE) * MINUTE, {
      offset,
      end: Math.min(to, (day + 1) * DAY - offset),
    });
    if (run !== undefined) return run;
  }
  return undefined;
}

/** The first minute from `start` whose local hour and minute match, by whole hours where the hour does not. */
function firstMatch(
  { hours, minutes }: Cron,
  start: number,
  { offset, end }: { readonly offset: number; readonly end: number },
): number | undefined {
  for (let time = start; time < end;) {
    const local = (time + offset) / MINUTE;
    const [hour, minute] = [Math.floor(local / 60) % 24, local % 60];
    if (!hours.has(hour)) time += (60 - minute) * MINUTE;
    else if (minutes.has(minute)) return time;
    else time += MINUTE;
  }
  return undefined;
}
