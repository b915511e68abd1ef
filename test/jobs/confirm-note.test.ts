// Which notes on locks, and which records of backups, are confirmed.

import { expect, it } from 'vitest';

import type { LockNote } from '../../src/jobs/model/effect.ts';
import { judgeNote, withoutWorkloads } from '../../src/jobs/requests/confirm-note.ts';
import { UNREADABLE, type JobRecord } from '../../src/jobs/requests/record.ts';
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
  workloads: [{ node: 'a', workload, replicas: 1 }],
};

it.each([
  { because: 'says the same', note: noteOf(), verdict: 'Confirmed' },
  { because: 'names a managed node of its job', note: noteOf({ node: 'b', workload: managed }), verdict: 'Confirmed' },
  { because: 'names other replicas', note: noteOf({ replicas: 2 }), verdict: 'Refuted' },
  { because: 'names another workload', note: noteOf({ workload: { ...workload, name: 'c' } }), verdict: 'Refuted' },
  { because: 'names another node', note: noteOf({ node: 'c' }), verdict: 'Refuted' },
  { because: 'is of another object', note: { ...noteOf(), uid: 'u2' }, verdict: 'Refuted' },
])('a note that $because is $verdict', ({ note, verdict }) => {
  expect(judgeNote(note, { isLoaded: true, hasRecords: true, record })).toBe(verdict);
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

it.each(['s', 'nightly-7', 'with.dots', 'l'.repeat(56), 'l'.repeat(200)])(
  '%s knows the names of its runs',
  (schedule) => {
    expect(isRunOf(schedule, runName(schedule, 1_790_000_000_000))).toBe(true);
    for (const other of ['by-hand', runName(`x${schedule}`, 1_790_000_000_000), schedule])
      expect([other, isRunOf(schedule, other)]).toEqual([other, false]);
  },
);
