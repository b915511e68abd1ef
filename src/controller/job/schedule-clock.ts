// When cron expressions match: node-cron knows the fields, the time zones and their clock changes.

import { createTask, type ScheduledTask } from 'node-cron';

import type { JobScheduleSpec } from '../../api/job-schedule.ts';

type Expression = Pick<JobScheduleSpec, 'schedule' | 'timeZone'>;

export interface ScheduleClock {
  /** The first time after a moment that lies before or after `now`; milliseconds. Undefined for a time that never comes. */
  next(expression: Expression, after: number, now: number): number | undefined;
  /** The first time to come. */
  upcoming(expression: Expression, now: number): number | undefined;
}

const MINUTE = 60_000;
/** How far is looked back, in minutes: one takes some 14 µs. Nothing that is older is ever made up for. */
const MAX_SCAN = 31 * 24 * 60;

/** One unstarted task an expression. */
export function createScheduleClock(): ScheduleClock {
  const tasks = new Map<string, ScheduledTask>();
  const known = new Map<string, number>();

  function taskOf(id: string, { schedule, timeZone }: Expression): ScheduledTask {
    const task = tasks.get(id) ?? createTask(schedule, () => undefined, { timezone: timeZone });
    tasks.set(id, task);
    return task;
  }

  return {
    next: (expression, after, now) => nextTime(taskOf(idOf(expression), expression), after, now),
    upcoming(expression, now) {
      const id = idOf(expression);
      const before = known.get(id);
      const next = before !== undefined && before > now ? before : nextTime(taskOf(id, expression), now, now);
      if (next !== undefined) known.set(id, next);
      return next;
    },
  };
}

function idOf({ schedule, timeZone }: Expression): string {
  return `${timeZone} ${schedule}`;
}

/** Past minutes are looked for one by one, coming ones are node-cron's. */
function nextTime(task: ScheduledTask, after: number, now: number): number | undefined {
  const from = Math.max(after, now - MAX_SCAN * MINUTE);
  let minute = Math.floor(from / MINUTE) * MINUTE + MINUTE;
  for (; minute <= now; minute += MINUTE) if (task.match(new Date(minute))) return minute;
  return task.getNextRuns(1)[0]?.getTime();
}
