// What a job observes of a pod: one that is not placed, or that ends, is no running node.

import { expect, it } from 'vitest';

import { observedPod } from '../../src/controller/job/observed-pod.ts';

it.each([
  { because: 'is not placed', phase: 'Pending', told: false, is: { pending: true } },
  { because: 'runs', phase: 'Running', told: false, is: {} },
  { because: 'is told to end', phase: 'Running', told: true, is: { terminating: true } },
  { because: 'is told to end before it runs', phase: 'Pending', told: true, is: { pending: true, terminating: true } },
  { because: 'has failed', phase: 'Failed', told: false, is: { pending: true } },
])('a pod that $because', ({ phase, told, is }) => {
  const deletion = told ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-0', ...deletion }, status: { phase } };
  expect(observedPod(pod)).toStrictEqual({ name: 'a-0', ready: false, ...is });
});
