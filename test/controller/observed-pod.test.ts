// What a job observes of a pod: one that is not placed, or that ends, is no running node.

import { expect, it } from 'vitest';

import { observedPod } from '../../src/controller/job/observed-pod.ts';

it.each([
  { because: 'is not placed', phase: 'Pending', going: false, pending: true },
  { because: 'runs', phase: 'Running', going: false, pending: undefined },
  { because: 'ends', phase: 'Running', going: true, pending: true },
  { because: 'has failed', phase: 'Failed', going: false, pending: true },
])('a pod that $because', ({ phase, going, pending }) => {
  const deletion = going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-0', ...deletion }, status: { phase } };
  expect(observedPod(pod).pending).toBe(pending);
});
