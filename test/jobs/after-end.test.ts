// What a job still does after its end: it gives back, removes and releases only its own, and only what is on record.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { JobObservation } from '../../src/jobs/model/observation.ts';
import { citaTarget, UID } from './support/fixtures.ts';
import { ago, busy, HOLDER, LOCK, locks, NOTE, pvc, step, stopped, work, working } from './support/step.ts';

const complete: JobStatus = { ...working, phase: 'Complete', endTime: ago(10), manifestSha256: 'a'.repeat(64) };
const { manifestSha256: _manifest, ...unproven } = complete;
const failed: JobStatus = { ...unproven, phase: 'Failed' };
const heldStatus: JobStatus = { ...working, phase: 'Held', message: 'half' };
const idle = { ...busy, active: 0 };
const recorded = (phase: JobStatus['phase']) => ({ record: { uid: UID, ...(phase === undefined ? {} : { phase }) } });

const effectsOf = (status: JobStatus, observed: Partial<JobObservation>) =>
  step({ status, observed }).effects.filter(({ do: what }) => what !== 'emitEvent');

describe('locks', () => {
  const withLock = (lock: object) => ({ locks: new Map([[LOCK, lock]]) });

  it.each([
    { because: 'its own, with its own note', lock: { holder: HOLDER, note: NOTE }, keepNote: false },
    {
      because: 'its own, with the note of another job',
      lock: { holder: HOLDER, note: { ...NOTE, uid: 'x' } },
      keepNote: true,
    },
    {
      because: 'its own, where its note says unsafe',
      lock: { holder: HOLDER, note: { ...NOTE, unsafe: 'half' } },
      keepNote: true,
    },
    { because: 'its own, without a note', lock: { holder: HOLDER }, keepNote: true },
  ])('are given back: $because', ({ lock, keepNote }) => {
    expect(effectsOf(complete, withLock(lock))).toEqual([{ do: 'releaseLock', lock: LOCK, keepNote }]);
  });

  it.each([
    {
      because: 'another job has it',
      observed: withLock({ holder: { uid: 'x', text: 'Restore prod/two' }, note: NOTE }),
    },
    { because: 'it is free', observed: withLock({ note: NOTE }) },
    { because: 'it is gone', observed: {} },
  ])('are left when $because', ({ observed }) => expect(effectsOf(complete, observed)).toEqual([]));

  it('are kept while a worker pod is there, which is stopped', () => {
    const tasks = new Map([[work.name, busy]]);
    const works = [{ ...work, outcome: 'Failed' as const }];
    const effects = effectsOf({ ...failed, works }, { locks, tasks, workerPods: 1 });
    expect(effects).toEqual([{ do: 'deleteJob', name: work.name, uid: 'job-1', because: 'the work has failed' }]);
    expect(effectsOf({ ...failed, works }, { tasks, workerPods: 0 })).toEqual([]);
  });
});

describe('worker Jobs', () => {
  const seconds = (count: number): string => ago(count / 60);
  const given = (endTime: string | undefined, task: object = idle) => {
    const { endTime: _end, ...rest } = complete;
    const status = endTime === undefined ? rest : { ...rest, endTime };
    const spec = { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain', ttlSecondsAfterFinished: 60 };
    const observed = { ...recorded('Complete'), tasks: new Map([[work.name, task as typeof idle]]) };
    return step({ spec, status, observed }).effects;
  };
  const removed = [{ do: 'deleteJob', name: work.name, uid: 'job-1', because: 'ttlSecondsAfterFinished is over' }];

  it.each([
    { because: 'from the second on at which their time is over', endTime: seconds(60), effects: removed },
    { because: 'long after it', endTime: seconds(6000), effects: removed },
    { because: 'not before', endTime: seconds(59), effects: [] },
    { because: 'not without a time of the end', endTime: undefined, effects: [] },
  ])('are removed $because', ({ endTime, effects }) => expect(given(endTime)).toEqual(effects));

  it.each([
    { because: 'another object has the name', task: { ...idle, jobUid: 'x' } },
    { because: 'none was seen', task: { suspended: false, active: 0, running: false, jobUid: UID } },
  ])('are left when $because', ({ task }) => expect(given(seconds(6000), task)).toEqual([]));
});

describe('the PVC of a failed backup', () => {
  it.each([
    { because: 'it is removed', status: failed, observed: { ...recorded('Failed'), pvc }, isRemoved: true },
    {
      because: 'a proven copy stays',
      status: { ...failed, manifestSha256: 'b'.repeat(64) },
      observed: { ...recorded('Failed'), pvc },
      isRemoved: false,
    },
    {
      because: 'one that was replaced stays',
      status: failed,
      observed: { ...recorded('Failed'), pvc: { ...pvc, uid: 'x' } },
      isRemoved: false,
    },
    {
      because: 'one of another job stays',
      status: failed,
      observed: { ...recorded('Failed'), pvc: { ...pvc, jobUid: 'x' } },
      isRemoved: false,
    },
    { because: 'none is there', status: failed, observed: recorded('Failed'), isRemoved: false },
    {
      because: 'the end is not on record',
      status: failed,
      observed: { ...recorded('Working'), pvc },
      isRemoved: false,
    },
    { because: 'the record has no phase', status: failed, observed: { ...recorded(undefined), pvc }, isRemoved: false },
    { because: 'there is no record', status: failed, observed: { record: undefined, pvc }, isRemoved: false },
    {
      because: 'a cancelled job made none that is known to be bad',
      status: { ...failed, phase: 'Cancelled' as const },
      observed: { ...recorded('Cancelled'), pvc },
      isRemoved: false,
    },
  ])('$because: $isRemoved', ({ status, observed, isRemoved }) => {
    const removed = [{ do: 'deletePvc', name: pvc.name, uid: 'claim-1' }];
    expect(effectsOf(status, observed)).toEqual(isRemoved ? removed : []);
  });
});

describe('the finalizer', () => {
  it.each([
    {
      because: 'the object is being deleted',
      status: complete,
      observed: { ...recorded('Complete'), deleting: true },
      isRemoved: true,
    },
    {
      because: 'the end is on record',
      status: complete,
      observed: { ...recorded('Complete'), guarded: true },
      isRemoved: true,
    },
    {
      because: 'a job that ended Held keeps its object',
      status: heldStatus,
      observed: { ...recorded('Held'), guarded: true },
      isRemoved: false,
    },
    {
      because: 'a job that ended Held, and its object is deleted',
      status: heldStatus,
      observed: { ...recorded('Held'), guarded: true, deleting: true },
      isRemoved: true,
    },
    {
      because: 'the PVC of a failed backup is going',
      status: failed,
      observed: { ...recorded('Failed'), guarded: true, pvc: { ...pvc, going: true } },
      isRemoved: true,
    },
    {
      because: 'nothing guards the object',
      status: complete,
      observed: { ...recorded('Complete'), guarded: false },
      isRemoved: false,
    },
    {
      because: 'the end is not on record',
      status: complete,
      observed: { ...recorded('Starting'), guarded: true },
      isRemoved: false,
    },
    {
      because: 'there is no record',
      status: complete,
      observed: { record: undefined, guarded: true, deleting: true },
      isRemoved: false,
    },
  ])('is removed: $because: $isRemoved', ({ status, observed, isRemoved }) => {
    expect(effectsOf(status, observed)).toEqual(isRemoved ? [{ do: 'removeFinalizer' }] : []);
  });
});

it('the finalizer waits for the PVC of a failed backup, and of one that ended Held and whose object is deleted', () => {
  const removed = [{ do: 'deletePvc', name: pvc.name, uid: 'claim-1' }];
  expect(effectsOf(failed, { ...recorded('Failed'), guarded: true, pvc })).toEqual(removed);
  const { manifestSha256: _none, ...held } = heldStatus;
  expect(effectsOf(held, { ...recorded('Held'), deleting: true, pvc })).toEqual(removed);
  expect(effectsOf(held, { ...recorded('Held'), pvc })).toEqual([]);
});

describe('a node that is left paused', () => {
  const two = {
    ...heldStatus,
    locks: [LOCK, 'nodewright-node-b'],
    paused: ['a', 'b'],
    targets: [citaTarget('a'), citaTarget('b')],
  };
  const spec = { nodes: ['a', 'b'], blockHeight: 9, deployMethod: 'cloud-config', chain: 'test-chain' };

  it('is started by its release with the failure on record, and is not paused any more', () => {
    const { status } = step({
      status: { ...heldStatus, failure: { reason: 'ContentDiffers', message: 'half', unsafe: true } },
      observed: { locks, release: true },
    });
    expect(status).toMatchObject({
      phase: 'Starting',
      reason: 'Released',
      message: 'the node was released by its annotation',
      failure: { reason: 'ContentDiffers', message: 'half; the node was released by its annotation', unsafe: false },
    });
  });

  it('is started by its release also where no failure is on record', () => {
    const { status } = step({ status: heldStatus, observed: { locks, release: true } });
    expect(status.failure).toMatchObject({ reason: 'WorkFailed', message: expect.stringMatching(/^it ended Held; /) });
  });

  it('is started by its release only under its lock and with its note', () => {
    const { status, effects } = step({ status: heldStatus, observed: { release: true } });
    expect(status.phase).toBe('Held');
    expect(effects).toEqual([
      { do: 'acquireLock', lock: LOCK, holder: HOLDER },
      { do: 'noteOnLock', lock: LOCK, note: NOTE },
    ]);
  });

  it('is not started by a release under a job that works on one of its nodes', () => {
    const names = new Map<string, object>([
      [LOCK, { holder: HOLDER, note: NOTE }],
      [
        'nodewright-node-b',
        { holder: { uid: 'x', text: 'Restore prod/two' }, note: { ...NOTE, uid: 'x', unsafe: 'half' } },
      ],
    ]);
    const { status } = step({
      kind: 'BlockHeightFallback',
      spec,
      status: two,
      observed: { locks: names, release: true },
    });
    expect(status).toMatchObject({ phase: 'Held', paused: ['a', 'b'] });
  });

  it('that is repaired leaves the other one paused', () => {
    const names = new Map<string, object>([
      [LOCK, { note: { ...NOTE, uid: 'x' } }],
      ['nodewright-node-b', { note: NOTE }],
    ]);
    const { status } = step({
      kind: 'BlockHeightFallback',
      spec,
      status: two,
      observed: { locks: names },
    });
    expect(status).toMatchObject({ phase: 'Held', paused: ['b'], message: 'half (a later job has repaired a)' });
  });

  it('is not repaired because nothing is known of its lock', () => {
    const { status } = step({ status: heldStatus, observed: {} });
    expect(status.paused).toEqual(['a']);
  });

  it('has no message that begins with a space', () => {
    const { message: _message, ...silent } = heldStatus;
    const { status } = step({ status: silent, observed: { locks: new Map([[LOCK, {}]]) } });
    expect(status).toMatchObject({ paused: [], message: '(a later job has repaired a)' });
  });

  it('that is paused no more is not started by a release', () => {
    const { status } = step({
      status: { ...heldStatus, paused: [] },
      observed: { locks, release: true, targets: new Map([['a', stopped]]) },
    });
    expect(status.phase).toBe('Held');
  });
});
