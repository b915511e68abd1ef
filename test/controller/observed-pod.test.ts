// What a job observes of a pod: one that is not placed, or that ends, is no running node.

import { expect, it } from 'vitest';

import { observedPod } from '../../src/controller/job/observed-pod.ts';

it.each([
  { because: 'is not placed', phase: 'Pending', deleted: false, is: { pending: true } },
  { because: 'runs', phase: 'Running', deleted: false, is: {} },
  { because: 'is deleted', phase: 'Running', deleted: true, is: { terminating: true } },
  { because: 'is deleted before it runs', phase: 'Pending', deleted: true, is: { pending: true, terminating: true } },
  { because: 'has failed', phase: 'Failed', deleted: false, is: { pending: true } },
])('a pod that $because', ({ phase, deleted, is }) => {
  const deletion = deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-0', ...deletion }, status: { phase } };
  expect(observedPod(pod)).toStrictEqual({ name: 'a-0', ready: false, ...is });
});
