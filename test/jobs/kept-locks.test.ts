// What copies of statuses say of a lock, also when its Lease says something else.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { pausedNodes, repairedNodes, withCopies } from '../../src/controller/job/records/kept-locks.ts';
import type { KeptJob } from '../../src/controller/job/records/status-copies.ts';
import type { ObservedLock } from '../../src/jobs/model/observation.ts';
import { citaTarget, managedTarget } from './support/fixtures.ts';
import { ago, LOCK } from './support/step.ts';

function kept(name: string, status: JobStatus): KeptJob {
  const held = { locks: [LOCK], targets: [managedTarget('a')], paused: ['a'] };
  return { job: { kind: 'Restore', namespace: 'prod', name, uid: `uid-${name}` }, status: { ...held, ...status } };
}

const begun = (minutes: number) => ({ history: [{ phase: 'Locked' as const, at: ago(minutes) }] });
const other = (name: string) => ({ uid: `uid-${name}`, text: `Restore prod/${name}` });
const working = kept('one', { phase: 'Working', risk: 'its data is being changed' });
const failed = { reason: 'WorkFailed', message: 'it broke', unsafe: true } as const;
const held = kept('one', { phase: 'Held', since: ago(9), failure: failed });
const detached = { targets: [{ ...managedTarget('a'), detached: true }], ...begun(5) };
const repairing = kept('two', { phase: 'Working', risk: 'an earlier job left it paused', ...detached });
const repaired = kept('two', { phase: 'Starting', ...detached });

/** Who reads, what its Lease says, and what copies there are. */
function see(reader: KeptJob, all: readonly KeptJob[], seen: ObservedLock = {}): ObservedLock {
  return withCopies(LOCK, seen, { reader, kept: all });
}

describe('a lock', () => {
  const waiting = kept('next', { phase: 'Claimed', paused: [], targets: [] });
  const locked = kept('next', { phase: 'Locked', paused: [], targets: [] });

  it('is held by the job under way, also when the Lease is gone', () =>
    expect(see(waiting, [working, waiting])).toEqual({ holder: other('one') }));

  it('in another namespace is another one', () => {
    const elsewhere = { ...working, job: { ...working.job, namespace: 'test' } };
    expect(see(waiting, [elsewhere, waiting])).toEqual({});
  });

  it.each(['Complete', 'Failed', 'Held', 'Claimed'] as const)('is free when that is %s', (phase) =>
    expect(see(waiting, [kept('one', { phase, paused: [] }), waiting])).toEqual({}),
  );

  it('has the note of the job that left the node paused, also when the Lease says something else', () => {
    const forged = { uid: 'x', job: 'Backup prod/old', nodes: [] };
    expect(see(locked, [held, locked], { note: forged }).note).toMatchObject({ uid: 'uid-one', unsafe: 'it broke' });
  });

  it('is as the Lease says for a job that has stopped nodes', () => {
    const seen = { holder: other('two'), note: { uid: 'uid-two', job: 'Restore prod/two', nodes: [] } };
    expect(see(repairing, [held, repairing], seen)).toBe(seen);
  });
});

describe('a job that left its node paused', () => {
  const gone: ObservedLock = {};
  const forged: ObservedLock = { note: { uid: 'uid-old', job: 'Backup prod/old', nodes: [] } };

  it.each([
    { because: 'its lock is gone', seen: gone },
    { because: 'a note of another job is on it', seen: forged },
  ])('finds its own note when $because', ({ seen }) =>
    expect(see(held, [held], seen).note).toMatchObject({ uid: 'uid-one', unsafe: 'it broke' }),
  );

  it('finds that of a later job, which says when the node is repaired', () => {
    expect(see(held, [held, repairing]).note).toMatchObject({
      uid: 'uid-two',
      unsafe: 'an earlier job left it paused',
    });
    expect(see(held, [held, repaired]).note?.unsafe).toBeUndefined();
  });

  it('goes by the Lease where it has no copy', () => expect(see(held, [], forged)).toBe(forged));
});

describe('a node', () => {
  it.each([
    { because: 'a later job says so', by: repaired, want: ['a'] },
    { because: 'a later job has ended well', by: kept('two', { phase: 'Complete', ...detached }), want: ['a'] },
    { because: 'a later job works', by: repairing, want: [] },
    { because: 'a later job failed', by: kept('two', { ...repaired.status, failure: failed }), want: [] },
    { because: 'a later job may not start it', by: kept('two', { ...repaired.status, risk: 'half' }), want: [] },
    { because: 'an earlier job ended', by: kept('two', { ...repaired.status, ...begun(10) }), want: [] },
    { because: 'a later job had other nodes', by: kept('two', { phase: 'Starting', ...begun(5) }), want: [] },
  ])('is repaired when $because: $want', ({ by, want }) => expect(repairedNodes(held, [held, by])).toEqual(want));

  it.each([
    { because: 'of a job under way', job: working, want: ['prod/a'] },
    { because: 'that is left paused', job: held, want: ['prod/a'] },
    { because: 'that was started again', job: kept('one', { phase: 'Starting', released: ['a'] }), want: [] },
    { because: 'of a job that has ended', job: kept('one', { phase: 'Complete' }), want: [] },
    { because: 'of another tool', job: kept('one', { phase: 'Working', targets: [citaTarget('a')] }), want: [] },
  ])('$because is paused: $want', ({ job, want }) => expect(pausedNodes(job)).toEqual(want));
});
