// Which nodes a job keeps stopped, and what their status says of it.

import { expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { JobPhase } from '../../src/api/job-phase.ts';
import { createPauses } from '../../src/controller/node/pauses.ts';

function aJob(phase: JobPhase): JobObject {
  const metadata = { name: 'back', namespace: 'prod', uid: 'u' };
  const kind = 'BlockHeightFallback';
  return { apiVersion: API_VERSION, kind, metadata, spec: { node: 'a' }, status: { phase, paused: ['a'] } };
}

it('a node is not said to be stopped for work when its job has ended and leaves it paused', () => {
  const pauses = createPauses();
  expect(pauses.learn(aJob('Working'))).toEqual(['prod/a']);
  expect(pauses.shown('prod/a')).toEqual({
    message: 'Paused by BlockHeightFallback prod/back while it works',
    by: 'BlockHeightFallback prod/back',
  });
  expect(pauses.learn(aJob('Verifying'))).toEqual([]);
  expect(pauses.learn(aJob('Held'))).toEqual(['prod/a']);
  expect(pauses.shown('prod/a')?.message).toMatch(/^Left paused by .*, which ended Held: /);
  expect(pauses.learn(aJob('Held'))).toEqual([]);
  expect(pauses.learn(aJob('Complete'))).toEqual(['prod/a']);
  expect(pauses.shown('prod/a')).toBeUndefined();
});

it('a node says why its job leaves it paused in the words of the job, and says so again when these change', () => {
  const pauses = createPauses();
  const job = aJob('Held');
  const held = (message: string): JobObject => ({ ...job, status: { ...job.status, reason: 'WorkFailed', message } });
  expect(pauses.learn(held('half written. a must not be started like this: repair it'))).toEqual(['prod/a']);
  expect(pauses.shown('prod/a')).toEqual({
    message:
      'Left paused by BlockHeightFallback prod/back, which ended Held: WorkFailed: half written. a must not be started like this: repair it',
    by: 'BlockHeightFallback prod/back',
    stalled: true,
  });
  expect(pauses.learn(held('half written. a must not be started like this: repair it'))).toEqual([]);
  expect(pauses.learn(held('another reason'))).toEqual(['prod/a']);
});

it('a node says so too when the controller is started after the end of its job', () => {
  const pauses = createPauses();
  expect(pauses.learn(aJob('Held'))).toEqual(['prod/a']);
  expect(pauses.shown('prod/a')?.message).toMatch(/^Left paused by .*, which ended Held: /);
});
