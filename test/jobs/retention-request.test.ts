// When a schedule files the removal of its old backups in object storage.

import { expect, it } from 'vitest';

import { JobScheduleSpec } from '../../src/api/job-schedule.ts';
import { retentionRequests } from '../../src/controller/job/schedules/retention-request.ts';
import type { DesiredSchedule } from '../../src/desired/desired-set.ts';
import { JobRecord } from '../../src/jobs/requests/record.ts';

function schedule(more: object = {}): DesiredSchedule {
  const destination = { objectStorage: { name: 'offsite' } };
  const template = { kind: 'Backup', spec: { node: 'a', destination } };
  const spec = JobScheduleSpec.parse({ schedule: '0 3 * * *', keep: { last: 2 }, template, ...more });
  return { name: 'nightly', namespace: 'prod', spec, executor: 'demo', file: 'schedules/nightly.yaml', line: 1 };
}

function record(kind: string, name: string, more: object = {}): JobRecord {
  return JobRecord.parse({
    kind,
    namespace: 'prod',
    name,
    executor: 'demo',
    specDigest: 'sha256:0',
    phase: 'Complete',
    schedule: 'prod/nightly',
    ...more,
  });
}

function proven(name: string, endedAt: string): JobRecord {
  const objectStorage = { location: 'offsite', repository: 'demo/prod/a', snapshot: 'a'.repeat(64) };
  return record('Backup', name, { endedAt, manifestSha256: 'b'.repeat(64), files: 3, bytes: 9, objectStorage });
}

const TWO = [proven('nightly-1', '2026-01-01T03:00:00Z'), proven('nightly-2', '2026-01-02T03:00:00Z')];

it('files one after the newest proven backup, with the rule of the schedule', () => {
  const [request, ...more] = retentionRequests(schedule(), TWO, []);
  expect(more).toEqual([]);
  expect(request).toMatchObject({
    schedule: 'prod/nightly',
    executor: 'demo',
    request: {
      kind: 'Retention',
      metadata: { name: 'nightly-2-keep', namespace: 'prod' },
      spec: { node: 'a', schedule: 'nightly', keep: { last: 2, daily: 0, weekly: 0 }, executor: 'demo' },
    },
  });
});

it('files none for a first backup, without a rule, for backups on PVCs, and after one that failed', () => {
  const failed = record('Backup', 'nightly-2', { phase: 'Failed', endedAt: '2026-01-02T03:00:00Z' });
  expect(retentionRequests(schedule(), TWO.slice(0, 1), [])).toEqual([]);
  expect(retentionRequests(schedule(), [...TWO.slice(0, 1), failed], [])).toEqual([]);
  expect(retentionRequests(schedule({ keep: undefined }), TWO, [])).toEqual([]);
  expect(retentionRequests(schedule({ template: { kind: 'Backup', spec: { node: 'a' } } }), TWO, [])).toEqual([]);
});

it('keeps asking for one that is under way, as it was claimed, and not for one that has ended', () => {
  const underWay = record('Retention', 'nightly-1-keep', { phase: 'Working', specDigest: 'sha256:claimed' });
  expect(retentionRequests(schedule(), TWO, [underWay])).toMatchObject([
    { specDigest: 'sha256:claimed', request: { metadata: { name: 'nightly-1-keep' } } },
  ]);
  expect(retentionRequests(schedule(), TWO, [record('Retention', 'nightly-2-keep')])).toEqual([]);
});
