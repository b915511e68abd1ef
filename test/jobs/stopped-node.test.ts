// What a job says of a node that is stopped on purpose.

import { expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { managedTarget, targetSeen } from './support/fixtures.ts';
import { HOLDER, LOCK, step, working } from './support/step.ts';

const target = { ...managedTarget('a'), wasRunning: false };
const seen = targetSeen(target, { pods: [], replicas: 0 });
const observed = {
  targets: new Map([['a', seen]]),
  locks: new Map([[LOCK, { holder: HOLDER }]]),
  trial: { verdict: 'Accepted' },
} as const;
const locked: JobStatus = { ...working, phase: 'Locked', targets: [], paused: [], works: [] };

it.each([
  { kind: 'Backup', action: 'StopAndStart', phase: 'Stopping', says: 'keeps a stopped' },
  { kind: 'Backup', action: 'Direct', phase: 'Stopping', says: 'keeps a stopped' },
  { kind: 'ChangeOwner', action: 'StopAndStart', phase: 'Stopping', says: 'keeps a stopped' },
  { kind: 'ChangeOwner', action: 'Direct', phase: 'Working', says: 'works on a, which is stopped' },
])('$kind $action: $says', ({ kind, action, phase, says }) => {
  const { status } = step({ kind, spec: { node: 'a', action }, status: locked, observed });
  expect(status).toMatchObject({ phase, message: says });
});

it('stops one of two nodes, and keeps the other stopped', () => {
  const targets = new Map([['a', seen], ['b', targetSeen(managedTarget('b'))]]); // prettier-ignore
  const spec = { sourceNode: 'a', destNode: 'b' };
  const { status } = step({ kind: 'Switchover', spec, status: locked, observed: { ...observed, targets } });
  expect(status.message).toBe('stops b and keeps a stopped');
});

it('leaves it stopped at the end', () => {
  const status: JobStatus = { ...working, phase: 'Starting', works: [], locks: [], targets: [target] };
  const targets = new Map([['a', { ...seen, paused: true }]]);
  const move = step({ kind: 'Backup', spec: { node: 'a' }, status, observed: { targets } });
  expect(move.status).toMatchObject({ phase: 'Starting', message: 'leaves a stopped, as before' });
});
