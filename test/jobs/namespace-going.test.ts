// The namespace of a job is being deleted: the API server creates nothing there any more, and the job must not keep it.

import { expect, it } from 'vitest';

import { isNamespaceGoing, KubeError } from '../../src/kube/kube-error.ts';
import { found, step, stopped, working } from './support/step.ts';

const observed = { namespaceGoing: true, targets: new Map([['a', stopped]]) };

it.each(['Pending', 'Claimed', 'Locked', 'Stopping', 'Working', 'Verifying'] as const)(
  'ends it in %s, without an effect that creates anything',
  (phase) => {
    const { status, effects } = step({ status: { ...working, phase }, observed });
    expect(status).toMatchObject({ phase: 'Interrupted', reason: 'Interrupted' });
    expect(status.message).toContain('its namespace is being deleted');
    expect(effects.map((one) => one.do)).toEqual(['emitEvent']);
  },
);

it.each([
  { because: 'a proven copy may lie elsewhere', status: {}, spec: {}, phase: 'Complete' },
  { because: 'a failure stays one', status: { failure: { reason: 'NoSpace', message: 'full', unsafe: false } as const }, spec: {}, phase: 'Failed' },
  { because: 'of a Restore nothing is proven', status: {}, kind: 'Restore', spec: { backup: 'x' }, phase: 'Failed' },
])('ends it after the work, without the locks: $because', ({ status: more, kind = 'Backup', spec, phase }) => {
  const status = { ...working, ...more, phase: 'Starting' as const, notes: ['copied'] };
  const move = step({ kind, spec: { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain', ...spec }, status, observed });
  expect(move.status).toMatchObject({ phase, holds: [], message: expect.stringContaining('no node was started') });
  expect(move.effects.map((one) => one.do)).toEqual(['emitEvent']);
}); // prettier-ignore

it('changes nothing of a job that has ended, or whose namespace stays', () => {
  const ended = { ...working, phase: 'Complete' as const, message: 'done' };
  expect(step({ status: ended, observed }).status).toBe(ended);
  expect(step({ status: { ...working, phase: 'Stopping' }, observed: { targets: new Map([['a', found]]) } }).status.phase).toBe('Stopping'); // prettier-ignore
});

it('is known by the words of the API server', () => {
  const words =
    'leases "x" is forbidden: unable to create new content in namespace prod because it is being terminated';
  expect(isNamespaceGoing(new KubeError('FORBIDDEN', words))).toBe(true);
  expect(isNamespaceGoing(new KubeError('FORBIDDEN', 'leases "x" is forbidden: exceeded quota'))).toBe(false);
  expect(isNamespaceGoing(new KubeError('SERVER', words))).toBe(false);
});
