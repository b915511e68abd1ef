// Which records name a copy in object storage that a Retention has removed.

import { expect, it } from 'vitest';

import type { JobObject } from '../../src/api/job-object.ts';
import { outdatedRetentions, removedCopies } from '../../src/jobs/requests/removed-copies.ts';
import { JobRecord } from '../../src/jobs/requests/record.ts';

const SCHEDULE = { namespace: 'prod', name: 'nightly' };
const [OLD, NEW] = ['a1'.repeat(32), 'b2'.repeat(32)].map((id) => `${id.slice(0, 60)}0000`) as [string, string];

function run(name: string, { day, snapshot, ...more }: { day: number; snapshot: string; nodes?: string[] }): JobRecord {
  return JobRecord.parse({
    kind: 'Backup',
    namespace: 'prod',
    name,
    executor: 'demo',
    specDigest: 'sha256:0',
    phase: 'Complete',
    uid: name,
    nodes: ['a'],
    schedule: 'prod/nightly',
    endedAt: `2026-01-0${day}T03:10:00Z`,
    objectStorage: { location: 'offsite', repository: 'demo/prod/a', snapshot },
    ...more,
  });
}

function retention(day: number, snapshotsLeft: readonly string[] | undefined, more: object = {}): JobObject {
  const at = `2026-01-0${day}T03:2`;
  const status = { phase: 'Complete', startTime: `${at}0:00Z`, endTime: `${at}5:00Z`, works: [{ snapshotsLeft }] };
  return {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'Retention',
    metadata: { name: `keep-${day}`, namespace: 'prod', uid: `keep-${day}` },
    spec: { node: 'a', schedule: 'nightly', destination: { objectStorage: { name: 'offsite' } } },
    status: { ...status, ...more },
  } as unknown as JobObject;
}

const NIGHTLY = [run('nightly-20454', { day: 1, snapshot: OLD }), run('nightly-20455', { day: 2, snapshot: NEW })];
const LEFT = [NEW.slice(0, 16)];

it('those whose snapshot the repository does not have any more, with the Retention that removed it', () => {
  expect(removedCopies(SCHEDULE, NIGHTLY, [retention(2, LEFT)])).toEqual([
    { record: NIGHTLY[0], because: 'removed by Retention prod/keep-2' },
  ]);
});

it.each([
  { because: 'a backup that ended after the Retention began', runs: NIGHTLY.slice(1), retentions: [retention(1, [])] },
  {
    because: 'a Retention that did not complete',
    runs: NIGHTLY,
    retentions: [retention(2, LEFT, { phase: 'Failed' })],
  },
  { because: 'a Retention that could not list what is left', runs: NIGHTLY, retentions: [retention(2, undefined)] },
  {
    because: 'the record of a request that the schedule cannot have filed',
    runs: [run('by-hand', { day: 1, snapshot: OLD })],
    retentions: [retention(2, LEFT)],
  },
  {
    because: 'the backup of another node, which has another repository',
    runs: [run('nightly-20454', { day: 1, snapshot: OLD, nodes: ['b'] })],
    retentions: [retention(2, LEFT)],
  },
  {
    because: 'a backup in another location, which the schedule had before',
    runs: [
      {
        ...NIGHTLY[0],
        objectStorage: { location: 'before', repository: 'demo/prod/a', snapshot: OLD },
      },
    ],
    retentions: [retention(2, LEFT)],
  },
  {
    because: 'a backup on a PVC',
    runs: [{ ...NIGHTLY[0], objectStorage: undefined }],
    retentions: [retention(2, LEFT)],
  },
  {
    because: 'a backup that ended when the Retention began',
    runs: [{ ...NIGHTLY[0], endedAt: '2026-01-02T03:20:00Z' }],
    retentions: [retention(2, LEFT)],
  },
  { because: 'a backup under way', runs: [{ ...NIGHTLY[0], endedAt: undefined }], retentions: [retention(2, LEFT)] },
  { because: 'a backup of no node', runs: [{ ...NIGHTLY[0], nodes: undefined }], retentions: [retention(2, LEFT)] },
  { because: 'without a Retention', runs: NIGHTLY, retentions: [] },
  {
    because: 'a Retention without a task',
    runs: NIGHTLY,
    retentions: [retention(2, LEFT, { works: [] }), retention(3, LEFT, { works: undefined })],
  },
  {
    because: 'a Retention that has no status yet',
    runs: NIGHTLY,
    retentions: [{ ...retention(2, LEFT), status: undefined }],
  },
  ...[{ namespace: 'staging' }, { schedule: 'weekly' }].map(({ namespace = 'prod', schedule = 'nightly' }) => {
    const { metadata, spec, ...rest } = retention(2, LEFT);
    const other = { ...rest, metadata: { ...metadata, namespace }, spec: { ...spec, schedule } };
    return { because: `the Retention of ${namespace}/${schedule}`, runs: NIGHTLY, retentions: [other] };
  }),
])('not $because', ({ runs, retentions }) => {
  expect(removedCopies(SCHEDULE, runs as readonly JobRecord[], retentions as readonly JobObject[])).toEqual([]);
});

it('by the newest complete Retention alone; the objects of older ones say nothing any more', () => {
  const retentions = [
    retention(2, LEFT),
    retention(
      3,
      [NEW, OLD].map((id) => id.slice(0, 16)),
    ),
    retention(4, [], { phase: 'Working' }),
  ];
  for (const found of [retentions, retentions.toReversed()]) {
    expect(removedCopies(SCHEDULE, NIGHTLY, found)).toEqual([]);
    expect(outdatedRetentions(SCHEDULE, found).map(({ metadata }) => metadata.name)).toEqual(['keep-2']);
  }
});
