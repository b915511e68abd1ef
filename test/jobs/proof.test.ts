// What is recorded of the work before a node starts on its result, and how the failures of several nodes add up.

import { describe, expect, it } from 'vitest';

import type { JobStatus, JobTask } from '../../src/api/job-status.ts';
import { citaTarget, targetSeen } from './support/fixtures.ts';
import { locks, pvc, step, stopped, work, working } from './support/step.ts';

const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
const FALLBACK = { kind: 'BlockHeightFallback', spec: { ...cloud, nodes: ['a', 'b'], blockHeight: 90 } };
const done = { ...work, outcome: 'Succeeded' as const };
const failed = { ...work, name: 'second', node: 'b', outcome: 'Failed' as const };
const MANIFEST = 'a'.repeat(64);

function verified(works: readonly JobTask[], more: { given?: object; status?: Partial<JobStatus> } = {}): JobStatus {
  const targets = [citaTarget('a'), citaTarget('b')];
  return step({
    ...more.given,
    status: { ...working, phase: 'Verifying', targets, paused: ['a', 'b'], works: [...works], ...more.status },
    observed: { locks, targets: new Map([['a', stopped]]), pvc },
  }).status;
}

describe('the proof', () => {
  it('is not asked for while a worker pod is there', () => {
    const status: JobStatus = { ...working, phase: 'Verifying', works: [done] };
    const move = step({ status, observed: { locks, targets: new Map([['a', stopped]]), pvc, workerPods: 1 } });
    expect(move.status).toMatchObject({ phase: 'Verifying', message: 'waits until the worker pods are gone' });
    const strays = { locks, targets: new Map([['a', stopped]]), pvc, workerPods: 2, strayWorkers: ['x: end it', 'y'] };
    expect(step({ status, observed: strays }).status.message).toBe(
      'waits until the worker pods are gone; pod x: end it; pod y',
    );
  });

  it('of a copy is its manifest; files and bytes are the sums of all tasks', () => {
    const works = [
      { ...done, bytes: 5, files: 1, manifestSha256: MANIFEST },
      { ...done, name: 'second', node: 'b', bytes: 7, files: 2 },
    ];
    expect(verified(works)).toMatchObject({
      phase: 'Starting',
      reason: 'Verified',
      bytes: 12,
      files: 3,
      manifestSha256: MANIFEST,
    });
  });

  it('records no figures that no task has', () => {
    const status = verified(
      [
        { ...done, height: 90 },
        { ...done, name: 'second', node: 'b', height: 90 },
      ],
      { given: FALLBACK },
    );
    expect(status).toMatchObject({ phase: 'Starting', reason: 'Verified', height: 90 });
    for (const field of ['bytes', 'files', 'manifestSha256', 'format', 'objectStorage'])
      expect(status).not.toHaveProperty(field);
  });

  it('is kept as a note beside the last seven', () => {
    const notes = Array.from({ length: 8 }, (_, index) => `note ${index}`);
    const status = verified(
      [
        { ...done, height: 90 },
        { ...done, name: 'second', node: 'b', height: 90 },
      ],
      {
        given: FALLBACK,
        status: { notes },
      },
    );
    expect(status.notes).toEqual([...notes.slice(1), status.message]);
  });
});

describe('work that failed', () => {
  it.each([
    {
      because: 'its code and message',
      task: { code: 'NoSpace', message: 'no space' },
      says: 'no space',
      reason: 'NoSpace',
    },
    {
      because: 'words of its own where the pod left none',
      task: {},
      says: 'the work on b failed',
      reason: 'WorkFailed',
    },
  ] as const)('has $because', ({ task, says, reason }) => {
    const status = verified([{ ...failed, unsafe: false, ...task }]);
    expect(status).toMatchObject({ phase: 'Starting', reason, failure: { reason, message: says, unsafe: false } });
  });

  it.each([
    { because: 'one of two tasks was unsafe', unsafe: [false, true], phase: 'Held' },
    { because: 'no task was unsafe', unsafe: [false, false], phase: 'Starting' },
    { because: 'no task said so', unsafe: [undefined, undefined], phase: 'Starting' },
  ])('leaves the nodes in $phase when $because', ({ unsafe, phase }) => {
    const works = unsafe.map((one, index) => ({
      ...failed,
      name: `task-${index}`,
      ...(one === undefined ? {} : { unsafe: one }),
    }));
    expect(verified(works, { given: FALLBACK }).phase).toBe(phase);
  });

  it('on some of the nodes names those that went back and those that did not', () => {
    const works = [done, { ...failed, message: 'no space' }, { ...done, name: 'third', node: 'c' }];
    const status = verified(works, { given: FALLBACK });
    expect(status.message).toMatch(/^a and c went back, b did not \(no space\): started like this, they would fetch/);
  });

  it('still records the figures of the tasks', () => {
    const status = verified([{ ...done, bytes: 5, manifestSha256: MANIFEST }, failed]);
    expect(status).toMatchObject({ phase: 'Held', bytes: 5, manifestSha256: MANIFEST });
  });

  it('a task that never ended is a failure', () => {
    expect(verified([work])).toMatchObject({ phase: 'Starting', failure: { reason: 'WorkFailed' } });
  });
});

describe('an object whose spec is not the one that was claimed', () => {
  const running = targetSeen(citaTarget('a'));
  const given = (phase: JobStatus['phase'], more: Partial<JobStatus> = {}) =>
    step({
      status: { ...working, ...(phase === undefined ? {} : { phase }), ...more },
      observed: { locks, targets: new Map([['a', running]]), pvc, specDiffers: true },
    }).status;
  const message = 'the spec of this object is not the one that was claimed on the status branch';

  it.each(['Pending', 'Claimed', 'Locked'] as const)('is refused in %s', (phase) =>
    expect(given(phase)).toMatchObject({ phase: 'Refused', reason: 'SpecDiffers', message }),
  );

  it('is refused before its first phase', () => {
    const { status } = step({ status: {}, observed: { specDiffers: true } });
    expect(status).toMatchObject({ phase: 'Refused', reason: 'SpecDiffers' });
  });

  it.each([
    { phase: 'Stopping', ends: 'Starting', unsafe: false },
    { phase: 'Working', ends: 'Held', unsafe: true },
    { phase: 'Verifying', ends: 'Held', unsafe: true },
  ] as const)('fails in $phase, and its nodes are in $ends', ({ phase, ends, unsafe }) =>
    expect(given(phase)).toMatchObject({ phase: ends, failure: { reason: 'SpecDiffers', unsafe } }),
  );

  it('changes nothing of the start, nor of what has failed or ended already', () => {
    const failure = { reason: 'NoSpace', message: 'no space', unsafe: false } as const;
    expect(given('Starting').failure).toBeUndefined();
    expect(given('Stopping', { failure }).failure).toEqual(failure);
    for (const phase of ['Complete', 'Failed', 'Held', 'Refused', 'Cancelled', 'Interrupted'] as const)
      expect(given(phase)).toMatchObject({ phase });
  });

  it('is what it is only when that was compared', () => {
    const { status } = step({
      status: working,
      observed: { locks, targets: new Map([['a', stopped]]), pvc, specDiffers: false },
    });
    expect(status.phase).toBe('Working');
  });
});
