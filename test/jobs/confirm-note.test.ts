// Which notes on locks, and which records of backups, are confirmed.

import { expect, it } from 'vitest';

import type { LockNote } from '../../src/jobs/model/effect.ts';
import { jobObjectName, madeName } from '../../src/jobs/model/names.ts';
import { judgeNote, recordKeyOf, withoutWorkloads } from '../../src/jobs/requests/confirm-note.ts';
import { JobRecord, UNREADABLE } from '../../src/jobs/requests/record.ts';
import { isOwnRun } from '../../src/jobs/requests/own-backup.ts';
import { isRunOf, runName } from '../../src/jobs/requests/schedule.ts';

const workload = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a' };
const managed = { apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', name: 'b' };
const noteOf = (more: Partial<LockNote['nodes'][number]> = {}): LockNote => ({
  uid: 'u1',
  job: 'Backup ns/one',
  nodes: [{ node: 'a', workload, replicas: 1, wasRunning: true, ...more }],
});
const record: JobRecord = {
  kind: 'Backup',
  namespace: 'ns',
  name: 'one',
  executor: 'x',
  specDigest: 'sha256:1',
  phase: 'Stopping',
  uid: 'u1',
  nodes: ['a', 'b'],
  workloads: [
    { node: 'a', workload, replicas: 1 },
    { node: 'b', workload: { ...workload, name: 'b' } },
  ],
};

it.each([
  { because: 'says the same', note: noteOf(), verdict: 'Confirmed' },
  { because: 'names a managed node of its job', note: noteOf({ node: 'b', workload: managed }), verdict: 'Confirmed' },
  { because: 'names other replicas', note: noteOf({ replicas: 2 }), verdict: 'Refuted' },
  { because: 'names another workload', note: noteOf({ workload: { ...workload, name: 'c' } }), verdict: 'Refuted' },
  { because: 'names another node', note: noteOf({ node: 'c' }), verdict: 'Refuted' },
  { because: 'is of another object', note: { ...noteOf(), uid: 'u2' }, verdict: 'Refuted' },
  { because: 'names a managed node of no job', note: noteOf({ node: 'c', workload: managed }), verdict: 'Refuted' },
  { because: 'names the workload of another node', note: noteOf({ node: 'b' }), verdict: 'Refuted' },
  {
    because: 'names another node beside its own',
    note: { ...noteOf(), nodes: [...noteOf().nodes, ...noteOf({ node: 'c' }).nodes] },
    verdict: 'Refuted',
  },
])('a note that $because is $verdict', ({ note, verdict }) => {
  expect(judgeNote(note, { isLoaded: true, hasRecords: true, record })).toBe(verdict);
});

it.each([
  { because: 'without nodes', more: { nodes: undefined }, verdict: 'Refuted' },
  { because: 'without workloads', more: { workloads: undefined }, verdict: 'Refuted' },
  { because: 'without the replicas', more: { workloads: [{ node: 'a', workload }] }, verdict: 'Refuted' },
])('a record $because confirms no workload', ({ more, verdict }) => {
  const seen = JobRecord.parse({ ...record, ...more });
  expect(judgeNote(noteOf(), { isLoaded: true, hasRecords: true, record: seen })).toBe(verdict);
});

it('a note that nothing confirms keeps its managed nodes stopped', () => {
  const [own] = noteOf({ node: 'b', workload: managed }).nodes;
  const note = { ...noteOf(), nodes: [...noteOf().nodes, own!] };
  expect(withoutWorkloads(note)).toEqual({ ...note, nodes: [own] });
  expect(recordKeyOf(note)).toBe('Backup/ns/one');
});

it.each([
  { because: 'while the branch was not read', isLoaded: false, hasRecords: false, record: undefined },
  { because: 'when the branch has no record at all', isLoaded: true, hasRecords: false, record: undefined },
  { because: 'when its record cannot be read', isLoaded: true, hasRecords: true, record: UNREADABLE },
] as const)('nothing is known of a note $because, and it scales nothing', ({ isLoaded, hasRecords, record: seen }) => {
  expect(judgeNote(noteOf(), { isLoaded, hasRecords, record: seen })).toBe('Unknown');
  expect(withoutWorkloads(noteOf()).nodes).toEqual([]);
});

it('a note without a record on a branch that has records is refuted', () => {
  expect(judgeNote(noteOf(), { isLoaded: true, hasRecords: true, record: undefined })).toBe('Refuted');
});

it.each(['s', 'nightly-7', 'with.dots', 'l'.repeat(54), 'l'.repeat(55), 'l'.repeat(56), 'l'.repeat(200)])(
  '%s knows the names of its runs',
  (schedule) => {
    expect(isRunOf(schedule, runName(schedule, 1_790_000_000_000))).toBe(true);
    for (const other of ['by-hand', runName(`x${schedule}`, 1_790_000_000_000), schedule])
      expect([other, isRunOf(schedule, other)]).toEqual([other, false]);
  },
);

const LONG = 'l'.repeat(56);

it.each([
  { because: 'ends like a shortened one', schedule: 'nightly', run: 'nightly-0123abcd' },
  { because: 'is long, where that of the schedule is never shortened', schedule: 'l'.repeat(50), run: `${'l'.repeat(50)}-0123abcd` },
  { because: 'is short, where that of the schedule is always shortened', schedule: LONG, run: 'l-0123abcd' },
  { because: 'begins the same alone', schedule: LONG, run: `${'l'.repeat(20)}${'m'.repeat(34)}-0123abcd` },
  { because: 'has no digest at its end', schedule: `a-0123abcd${LONG}`, run: `a-0123abcd${'l'.repeat(44)}-by-hand1` },
])('a request whose name $because is none of its runs', ({ schedule, run }) => {
  expect(isRunOf(schedule, run)).toBe(false);
}); // prettier-ignore

const RUN = { kind: 'Backup', namespace: 'ns', name: runName('nightly', 1_790_000_000_000), uid: 'u1' };
const snapshotsOf = (...names: readonly string[]) =>
  names.map((name) => ({ volume: 'data', name, uid: 'x', storageClass: 'fast' }));

it.each([
  { because: 'with the PVC of its name', more: { claimName: jobObjectName(RUN) }, isOwn: true },
  { because: 'with VolumeSnapshots of its name', more: { volumeSnapshots: snapshotsOf(madeName(RUN, 0), madeName(RUN, 1)) }, isOwn: true },
  { because: 'with no data', more: {}, isOwn: true },
  { because: 'with another PVC', more: { claimName: 'data-a-0' }, isOwn: false },
  { because: 'with another VolumeSnapshot beside its own', more: { volumeSnapshots: snapshotsOf(madeName(RUN, 0), 'x') }, isOwn: false },
  { because: 'without an object', more: { uid: undefined }, isOwn: false },
  { because: 'in another namespace', more: { namespace: 'other' }, isOwn: false },
])('a record $because is of a run of the schedule: $isOwn', ({ more, isOwn }) => {
  const run = JobRecord.parse({ ...RUN, executor: 'x', specDigest: 'y', phase: 'Complete', ...more });
  expect(isOwnRun(run, { namespace: 'ns', name: 'nightly' })).toBe(isOwn);
}); // prettier-ignore
