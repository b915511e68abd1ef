// When schedules file requests, and which backups they remove.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import { retain, type KeptBackup } from '../../src/jobs/requests/retention.ts';
import { dueRun, runName, type ScheduleInput, supersededRuns } from '../../src/jobs/requests/schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 20_000 * DAY;
const hourly = (after: number): number => (Math.floor(after / HOUR) + 1) * HOUR;
const daily = (after: number): number => (Math.floor(after / DAY) + 1) * DAY;
const base: ScheduleInput = {
  name: 'nightly',
  spec: { concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 3600, suspend: false },
  lastScheduled: START,
  now: START + HOUR,
  nextTime: hourly,
  runs: [],
};
const name = runName('nightly', START + HOUR);

describe('dueRun', () => {
  it.each([
    {
      because: 'nothing is due yet',
      input: { now: START + HOUR - 1 },
      want: { lastScheduled: START, next: START + HOUR },
    },
    {
      because: 'a day without a run is dealt with',
      input: { now: START + DAY + 5, nextTime: () => START + 400 * DAY },
      want: { lastScheduled: START + DAY + 5, next: START + 400 * DAY },
    },
    { because: 'due now', input: {}, want: { file: { name, at: START + HOUR }, next: START + 2 * HOUR } },
    {
      because: 'of several missed times only the latest is made up for',
      input: { now: START + 50 * HOUR + 5 },
      want: { file: { at: START + 50 * HOUR }, lastScheduled: START + 50 * HOUR },
    },
    {
      because: 'too late is too late',
      input: { now: START + HOUR + 1_200_000, spec: { ...base.spec, startingDeadlineSeconds: 60 } },
      want: { skipped: 'it is later than startingDeadlineSeconds', lastScheduled: START + HOUR },
    },
    {
      because: 'at the end of its deadline it is not too late',
      input: { now: START + 2 * DAY + HOUR, nextTime: daily },
      want: { file: { at: START + 2 * DAY }, next: START + 3 * DAY },
    },
    {
      because: 'of many missed times within the deadline the latest is made up for',
      input: { now: START + 5 * HOUR + HOUR / 2 },
      want: { file: { at: START + 5 * HOUR } },
    },
    {
      because: 'also when the latest is hours ago',
      input: {
        now: START + 3 * DAY + 5 * HOUR,
        nextTime: daily,
        spec: { ...base.spec, startingDeadlineSeconds: 604_800 },
      },
      want: { file: { at: START + 3 * DAY } },
    },
    {
      because: 'the latest is skipped, not the first, when even that is too late',
      input: { now: START + 5 * HOUR + 30_000, spec: { ...base.spec, startingDeadlineSeconds: 10 } },
      want: { skipped: 'it is later than startingDeadlineSeconds', lastScheduled: START + 5 * HOUR },
    },
    {
      because: 'a name that exists is not filed again',
      input: { runs: [{ name, phase: 'Complete' }] },
      want: { lastScheduled: START + HOUR, recorded: true },
    },
    {
      because: 'Forbid skips while one is under way',
      input: { runs: [{ name: 'x', phase: 'Working' }] },
      want: { skipped: 'x is not finished' },
    },
    {
      because: 'Allow queues',
      input: { runs: [{ name: 'x', phase: 'Working' }], spec: { ...base.spec, concurrencyPolicy: 'Allow' } },
      want: { file: { name } },
    },
    {
      because: 'on record it ran, however late that is observed',
      input: {
        now: START + HOUR + 1_200_000,
        runs: [{ name, phase: 'Complete' }],
        spec: { ...base.spec, startingDeadlineSeconds: 60 },
      },
      want: { lastScheduled: START + HOUR },
      without: 'skipped',
    },
    {
      because: 'filed and not on record yet, it stays filed, however late',
      input: { now: START + HOUR + 1_200_000, pending: name, spec: { ...base.spec, startingDeadlineSeconds: 60 } },
      want: { file: { name } },
    },
    {
      because: 'while one filed earlier is not on record, nothing else is filed, nor forgotten',
      input: { pending: runName('nightly', START), spec: { ...base.spec, concurrencyPolicy: 'Allow' } },
      want: { lastScheduled: START, next: START + 2 * HOUR },
      without: 'file',
    },
    {
      because: 'suspended: time passes, nothing is made up for later',
      input: { spec: { ...base.spec, suspend: true } },
      want: { lastScheduled: START + HOUR, skipped: 'suspended' },
    },
    { because: 'an expression without a time', input: { nextTime: () => undefined }, want: { next: undefined } },
    {
      because: 'years of absence cost no walk through every minute',
      input: { now: START + 3650 * DAY, nextTime: (after: number) => (Math.floor(after / 60_000) + 1) * 60_000 },
      want: { lastScheduled: START + 3650 * DAY },
    },
  ] as const)('$because', ({ input, want, ...more }) => {
    const decision = dueRun({ ...base, ...(input as Partial<ScheduleInput>) });
    expect(decision).toMatchObject(want);
    expect('without' in more && more.without in decision).toBe(false);
  });

  it('files every moment once at most, in any rhythm of calls', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 * HOUR }), { maxLength: 40 }), (steps) => {
        let [now, lastScheduled] = [START, START];
        const filed: string[] = [];
        for (const step of steps) {
          now += step;
          const decision = dueRun({ ...base, now, lastScheduled, runs: [] });
          expect(decision.lastScheduled).toBeGreaterThanOrEqual(lastScheduled);
          lastScheduled = decision.lastScheduled;
          if (decision.file !== undefined) filed.push(decision.file.name);
        }
        expect(new Set(filed).size).toBe(filed.length);
      }),
    );
  });

  it('names fit however long the schedule is called', () => {
    expect(runName('n'.repeat(63), START)).toMatch(/^[a-z0-9-]{1,63}$/);
    expect(runName('n'.repeat(63), START)).not.toBe(runName('n'.repeat(63), START + 60_000));
  });
});

describe('supersededRuns', () => {
  const at = (hour: number, phase: JobPhase) => ({ name: `h${hour}`, phase, claimedAt: `2026-01-01T0${hour}:00:00Z` });
  const waiting = (['Pending', 'Claimed', 'Locked'] as const).map((phase, hour) => at(hour, phase));

  it.each([
    { because: 'all that wait, for the newest', runs: [...waiting, at(5, 'Claimed')], want: ['h0', 'h1', 'h2'] },
    { because: 'also for one that has ended', runs: [at(0, 'Claimed'), at(5, 'Complete')], want: ['h0'] },
    { because: 'none that works or has ended', runs: [at(0, 'Stopping'), at(1, 'Failed'), at(5, 'Claimed')], want: [] },
    { because: 'in any order', runs: [at(5, 'Claimed'), at(0, 'Claimed')], want: ['h0'] },
    { because: 'never the newest', runs: [at(0, 'Complete'), at(5, 'Claimed')], want: [] },
    { because: 'nothing of nothing', runs: [], want: [] },
  ])('$because', ({ runs, want }) => {
    expect([...supersededRuns({ concurrencyPolicy: 'Replace' }, runs)]).toEqual(want);
    for (const concurrencyPolicy of ['Allow', 'Forbid'] as const)
      expect(supersededRuns({ concurrencyPolicy }, runs).size).toBe(0);
  });
});

function backup(day: number, more: Partial<KeptBackup> = {}): KeptBackup {
  return {
    id: `b${day}`,
    schedule: 'nightly',
    isReported: true,
    good: true,
    at: START + day * DAY,
    inUse: false,
    ...more,
  };
}

describe('retain', () => {
  const month = Array.from({ length: 30 }, (_, day) => backup(day));

  it.each([
    { because: 'the last three', keep: { last: 3, daily: 0, weekly: 0 }, backups: month, left: ['b29', 'b28', 'b27'] },
    {
      because: 'one a week: the newest, and the Sundays before',
      keep: { last: 1, daily: 0, weekly: 3 },
      backups: month,
      left: ['b29', 'b23', 'b16'],
    },
    {
      because: 'a good one is kept before newer bad ones',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(1), backup(2, { good: false })],
      left: ['b2', 'b1'],
    },
    {
      because: 'without a good one nothing is removed',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(1, { good: false }), backup(2, { good: false })],
      left: ['b2', 'b1'],
    },
    {
      because: 'older bad ones go',
      keep: { last: 5, daily: 0, weekly: 0 },
      backups: [backup(1, { good: false }), backup(2)],
      left: ['b2'],
    },
    {
      because: "people's own backups are not its business",
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [{ id: 'b0', isReported: true, good: true, at: START, inUse: false }, backup(1), backup(2)],
      left: ['b2', 'b0'],
    },
    {
      because: "another schedule's neither",
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(1, { schedule: 'weekly' }), backup(2)],
      left: ['b2', 'b1'],
    },
    {
      because: 'one without an object takes the place of no other',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(1), backup(2), backup(3, { isReported: false })],
      left: ['b3', 'b2'],
    },
    {
      because: 'one without an object stays as long as if it were good',
      keep: { last: 2, daily: 0, weekly: 0 },
      backups: [backup(1, { isReported: false }), backup(2, { isReported: false, good: false }), backup(3), backup(4)],
      left: ['b4', 'b3'],
    },
    {
      because: 'two without an object do not push each other out',
      keep: { last: 2, daily: 0, weekly: 0 },
      backups: [backup(1, { isReported: false }), backup(2, { isReported: false, good: false }), backup(3)],
      left: ['b3', 'b2', 'b1'],
    },
    {
      because: 'nor one of the same day as a good one',
      keep: { last: 1, daily: 3, weekly: 0 },
      backups: [
        backup(1, { isReported: false }),
        backup(2, { isReported: false, at: START + 2.5 * DAY }),
        backup(2),
        backup(4),
      ],
      left: ['b4', 'b2', 'b2', 'b1'],
    },
    {
      because: 'records alone remove nothing',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: month.map((one) => ({ ...one, isReported: false })),
      left: month.map(({ id }) => id),
    },
    {
      because: 'a bad one that ended with the newest good one stays',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(2), backup(2, { id: 'bad', good: false })],
      left: ['b2', 'bad'],
    },
    ...[
      ['x', 'y'],
      ['y', 'x'],
    ].map((ids) => ({
      because: `of two that ended together the same one stays: ${ids.join(', ')}`,
      keep: { last: 2, daily: 0, weekly: 0 },
      backups: [backup(2), ...ids.map((id) => backup(1, { id }))],
      left: ['b2', 'x'],
    })),
    {
      because: 'what a restore reads stays',
      keep: { last: 1, daily: 0, weekly: 0 },
      backups: [backup(1, { inUse: true }), backup(2)],
      left: ['b2', 'b1'],
    },
  ])('$because', ({ keep, backups, left }) => {
    const gone = new Set(retain('nightly', keep, backups).map(({ id }) => id));
    expect(
      backups
        .filter(({ id }) => !gone.has(id))
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(left.toSorted());
  });

  it('never removes the newest good one', () => {
    const some = fc.array(
      fc.record({
        id: fc.uuid(),
        schedule: fc.constantFrom('nightly', 'other'),
        isReported: fc.boolean(),
        good: fc.boolean(),
        at: fc.nat({ max: 100 * DAY }),
        inUse: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 5 }), fc.nat({ max: 5 }), (backups, last, daily) => {
        const gone = new Set(retain('nightly', { last, daily, weekly: 0 }, backups).map(({ id }) => id));
        const good = backups.filter((one) => one.schedule === 'nightly' && one.good && one.isReported);
        const newest = Math.max(...good.map(({ at }) => at));
        expect(good.length === 0 ? gone.size === 0 : good.some((one) => one.at === newest && !gone.has(one.id))).toBe(
          true,
        );
        expect(backups.filter((one) => one.schedule !== 'nightly' && gone.has(one.id))).toEqual([]);
      }),
    );
  });
});
