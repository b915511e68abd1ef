// The shared fields of one-shot jobs: bounds, structural schemas, and the contract of the worker pod.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { jobFields, toolVersion } from '../../src/api/job.ts';
import { jobKeyOf } from '../../src/api/job-object.ts';
import { JobScheduleSpec } from '../../src/api/job-schedule.ts';
import { isFinal, JobPhase } from '../../src/api/job-phase.ts';
import { JobStatus } from '../../src/api/job-status.ts';
import { RestoreParameters, TaskParameters, TaskResult } from '../../src/api/worker-task.ts';
import { millisecondsOf, timestamp } from '../../src/lib/timestamp.ts';

const Fields = z.strictObject({ ...jobFields, toolVersion });

describe('fields of every kind', () => {
  it('have their documented defaults', () => {
    expect(Fields.parse({})).toEqual({
      deployMethod: 'managed',
      pullPolicy: 'IfNotPresent',
      ttlSecondsAfterFinished: 30,
      podAffinityFlag: false,
      deadlineSeconds: 21_600,
    });
  });

  it.each([
    { deployMethod: 'Helm' },
    { pullPolicy: 'Sometimes' },
    { ttlSecondsAfterFinished: -1 },
    { deadlineSeconds: 1 },
    { podAffinityFlag: 'true' },
    { image: '$(whoami)' },
    { image: 'a b' },
    { chain: '-x' },
    { toolVersion: 'latest' },
    { uid: 1000 },
  ])('refuse %j', (value) => {
    expect(Fields.safeParse(value).success).toBe(false);
  });
});

describe('status', () => {
  it('is a structural schema: no unions, no free objects', () => {
    const text = JSON.stringify(z.toJSONSchema(JobStatus));
    expect(text).not.toMatch(/"(anyOf|oneOf|allOf)"/);
  });

  it('ends in six phases', () => {
    expect(JobPhase.options.filter(isFinal)).toEqual([
      'Complete',
      'Failed',
      'Held',
      'Interrupted',
      'Refused',
      'Cancelled',
    ]);
  });

  it('gives a job a key that is unique among all kinds', () => {
    expect(jobKeyOf({ kind: 'Backup', metadata: { name: 'a', namespace: 'b' } })).toBe('Backup/b/a');
  });
});

describe('schedules', () => {
  const good = { schedule: '0 3 * * *', template: { kind: 'Backup', spec: { node: 'a' } } };

  it('have safe defaults: one at a time, everything kept', () => {
    expect(JobScheduleSpec.parse(good)).toMatchObject({ timeZone: 'UTC', concurrencyPolicy: 'Forbid', suspend: false });
    expect(JobScheduleSpec.parse({ ...good, keep: {} }).keep).toEqual({ last: 7, daily: 0, weekly: 0 });
  });

  it.each([
    { schedule: '* * * *' },
    { schedule: '0 0 3 * * *' },
    { keep: { last: 0 } },
    { concurrencyPolicy: 'Never' },
  ])('refuse %j', (more) => {
    expect(JobScheduleSpec.safeParse({ ...good, ...more }).success).toBe(false);
  });
});

describe('the contract of the worker pod', () => {
  it.each(['/etc/passwd', '../x', 'a/../b', '..', ''])('refuses a path to keep outside the volume: %j', (path) => {
    expect(RestoreParameters.shape.keep.safeParse([{ volume: 'data', path }]).success).toBe(false);
  });

  it.each(['config/node_key.json', 'a..b', '...'])('accepts the path %j', (path) => {
    expect(RestoreParameters.shape.keep.safeParse([{ volume: 'data', path }]).success).toBe(true);
  });

  it('refuses an unknown verb', () => {
    expect(TaskParameters.safeParse({ verb: 'sh', args: ['-c'] }).success).toBe(false);
  });

  it('refuses a text that is not a result', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result = TaskResult.safeParse(value);
        expect(result.success ? typeof result.data.ok : 'boolean').toBe('boolean');
      }),
    );
  });
});

describe('times', () => {
  it('survive formatting, to the second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        (ms) => millisecondsOf(timestamp(ms)) === Math.floor(ms / 1000) * 1000,
      ),
    );
    expect(timestamp(1_800_000_000_999)).toBe('2027-01-15T08:00:00Z');
    expect(millisecondsOf('yesterday')).toBeUndefined();
  });
});
