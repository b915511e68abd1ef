// When schedules are due: days as in crontab(5), clock changes as in a Kubernetes CronJob.

import * as fc from 'fast-check';
import { createTask } from 'node-cron';
import { describe, expect, it } from 'vitest';

import { parseCron } from '../../src/jobs/requests/cron.ts';
import { nextRun } from '../../src/jobs/requests/schedule-clock.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

interface Start {
  readonly schedule: string;
  readonly timeZone: string;
  readonly from: string;
}

function runs({ schedule, timeZone, from }: Start, count: number): string[] {
  const found: string[] = [];
  let after: number | undefined = Date.parse(from);
  for (let index = 0; index < count && after !== undefined; index += 1) {
    after = nextRun({ schedule, timeZone }, after);
    if (after !== undefined) found.push(new Date(after).toISOString().slice(0, 16));
  }
  return found;
}

describe('days', () => {
  it.each([
    { schedule: '0 0 13 * 5', because: 'either day is enough when both are restricted', is: ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00', '2026-01-16T00:00'] },
    { schedule: '0 0 13 * *', because: 'only the day of the month is restricted', is: ['2026-01-13T00:00', '2026-02-13T00:00'] },
    { schedule: '0 0 * * 5', because: 'only the weekday is restricted', is: ['2026-01-02T00:00', '2026-01-09T00:00'] },
    { schedule: '0 0 */10 * 3', because: 'a field that starts with a star is not restricted, so both must match', is: ['2026-01-21T00:00', '2026-02-11T00:00'] },
    { schedule: '0 0 * * 7', because: '7 is Sunday', is: ['2026-01-04T00:00'] },
    { schedule: '0 0 13 * */5', because: 'also where that is the weekday', is: ['2026-02-13T00:00', '2026-03-13T00:00', '2026-09-13T00:00'] },
    { schedule: '0 0 * * */1', because: 'every weekday', is: ['2026-01-02T00:00', '2026-01-03T00:00', '2026-01-04T00:00'] },
    { schedule: '0 0 * jan sun', because: 'the first names', is: ['2026-01-04T00:00'] },
    { schedule: ' 5  4 \t* * * ', because: 'spaces around and between fields', is: ['2026-01-01T04:05'] },
    { schedule: '5 4 * *', because: 'what is no expression has no run', is: [] },
    { schedule: '0 0 * feb sat-sat', because: 'names', is: ['2026-02-07T00:00'] },
    { schedule: '5/20 4,6 1 1 *', because: 'a step from a number', is: ['2026-01-01T04:05', '2026-01-01T04:25', '2026-01-01T04:45', '2026-01-01T06:05'] },
    { schedule: '0 0 29 2 *', because: 'a leap day', is: ['2028-02-29T00:00', '2032-02-29T00:00'] },
    { schedule: '0 0 31 4 *', because: 'a day that never comes', is: [] },
  ])('$schedule: $because', ({ schedule, is }) => {
    expect(runs({ schedule, timeZone: 'UTC', from: '2026-01-01T00:00Z' }, Math.max(1, is.length))).toEqual(is);
  }); // prettier-ignore
});

describe('clock changes', () => {
  it.each([
    { schedule: '30 2 * * *', zone: 'America/New_York', from: '2026-03-07T12:00Z', because: 'a local time that is skipped has no run', is: ['2026-03-09T06:30'] },
    { schedule: '30 1 * * *', zone: 'America/New_York', from: '2026-11-01T04:00Z', because: 'a local time that is repeated has two runs', is: ['2026-11-01T05:30', '2026-11-01T06:30', '2026-11-02T06:30'] },
    { schedule: '0 * * * *', zone: 'Europe/Berlin', from: '2026-03-29T00:30Z', because: 'an hourly run is not affected', is: ['2026-03-29T01:00', '2026-03-29T02:00'] },
    { schedule: '15 2 * * *', zone: 'Australia/Lord_Howe', from: '2026-10-03T00:00Z', because: 'a change of half an hour', is: ['2026-10-04T15:15'] },
    { schedule: '30 23 * * *', zone: 'America/St_Johns', from: '2010-11-07T00:00Z', because: 'a day that is repeated after midnight', is: ['2010-11-07T02:00', '2010-11-07T03:00'] },
    { schedule: '0,30 0,23 * * *', zone: 'America/St_Johns', from: '2010-11-07T00:00Z', because: 'the day after one that is repeated has begun before it', is: ['2010-11-07T01:30', '2010-11-07T02:00', '2010-11-07T02:30', '2010-11-07T03:00', '2010-11-07T03:30', '2010-11-07T04:00'] },
    { schedule: '0 12 * * *', zone: 'Pacific/Apia', from: '2011-12-29T00:00Z', because: 'a whole day that is skipped', is: ['2011-12-29T22:00', '2011-12-30T22:00'] },
  ])('$schedule in $zone: $because', ({ schedule, zone, from, is }) => {
    expect(runs({ schedule, timeZone: zone, from }, is.length)).toEqual(is);
  }); // prettier-ignore
});

describe('the parser', () => {
  it.each(['* * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 8', '5-1 * * * *', '*/0 * * * *', 'L * * * *', '* * ? * *', '1-2-3 * * * *', ', * * * *', '0 0 * * * *', 'a5 * * * *', '5a * * * *'])(
    'refuses %s',
    (schedule) => expect(parseCron(schedule).ok).toBe(false),
  ); // prettier-ignore
});

/** The local time by another path than the clock's: the text that the platform formats. */
function localText(zone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return (time) => format.format(time);
}

describe('in every time zone', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  const moment = fc.integer({ min: Date.UTC(1980, 0, 1) / MINUTE, max: Date.UTC(2037, 0, 1) / MINUTE });

  it('finds exactly the minutes whose local time matches, from any second at which the search starts', () => {
    const time = fc.record({ hour: fc.integer({ min: 0, max: 23 }), minuteOfHour: fc.integer({ min: 0, max: 59 }) });
    const start = fc
      .tuple(moment, fc.integer({ min: 0, max: MINUTE - 1 }))
      .map(([minute, rest]) => minute * MINUTE + rest);
    const property = fc.property(fc.constantFrom(...zones), start, time, (zone, after, { hour, minuteOfHour }) => {
      const found = nextRun({ schedule: `${minuteOfHour} ${hour} * * *`, timeZone: zone }, after);
      const text = localText(zone);
      const wanted = `${String(hour).padStart(2, '0')}:${String(minuteOfHour).padStart(2, '0')}`;
      let expected = Math.floor(after / MINUTE) * MINUTE + MINUTE;
      while (expected < after + 3 * DAY && text(expected).slice(11) !== wanted) expected += MINUTE;
      expect([zone, found]).toEqual([zone, expected]);
    });
    fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: 10_000 });
  });

  it('runs on the days of a pair of restricted fields and never goes back', () => {
    const property = fc.property(fc.constantFrom(...zones), moment, (zone, minute) => {
      const after = minute * MINUTE;
      const found = nextRun({ schedule: '0 0,12 13 * 5', timeZone: zone }, after) ?? 0;
      const local = new Date(`${localText(zone)(found).slice(0, 10)}T00:00:00Z`);
      expect(found).toBeGreaterThan(after);
      expect(local.getUTCDate() === 13 || local.getUTCDay() === 5).toBe(true);
    });
    fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 10_000 });
  });
});

it('agrees with node-cron on each minute in UTC unless both day fields are restricted', () => {
  const part = (from: number, to: number): fc.Arbitrary<string> => {
    const number = fc.integer({ min: from, max: to });
    const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    return fc.oneof(fc.constant('*'), number.map(String), range, fc.integer({ min: 1, max: to }).map((step) => `*/${step}`));
  }; // prettier-ignore
  const property = fc.property(part(0, 59), part(0, 23), part(1, 28), part(1, 12), (...fields) => {
    const schedule = `${fields.join(' ')} *`;
    const next = nextRun({ schedule, timeZone: 'UTC' }, Date.UTC(2026, 0, 1)) ?? 0;
    const task = createTask(schedule, () => undefined, { timezone: 'UTC' });
    expect([schedule, task.match(new Date(next))]).toEqual([schedule, true]);
  });
  fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: 10_000 });
});
