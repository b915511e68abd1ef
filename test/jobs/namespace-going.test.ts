// The namespace of a job is being deleted: the API server creates nothing there any more, and the job must not keep it.

import { expect, it } from 'vitest';

import { isNamespaceGoing, KubeError } from '../../src/kube/kube-error.ts';
import { managedTarget } from './support/fixtures.ts';
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
  expect(move.status).toMatchObject({ phase, paused: [], message: expect.stringContaining('no node was started') });
  expect(move.effects.map((one) => one.do)).toEqual(['emitEvent']);
}); // prettier-ignore

const states = ['a', 'b'].map((node) => ({ node, volume: 'data', paths: ['state.json'], text: '{"height":"9","round":0,"step":3}' })); // prettier-ignore

it.each([
  { at: 'read', phase: 'Interrupted', reason: 'Interrupted', says: 'its namespace is being deleted' },
  { at: 'write', phase: 'Held', reason: 'SignerStateLost', says: 'the first key of a: ' },
  { at: 'assign', phase: 'Held', reason: 'SignerStateLost', says: 'the first key of b: ' },
  { at: 'undo', phase: 'Held', reason: 'SignerStateLost', says: 'status.signers' },
] as const)('ends a Switchover at $at: $phase', ({ at, phase, reason, says }) => {
  const targets = [managedTarget('a'), managedTarget('b')];
  const signers = { step: at, since: working.since ?? '', states };
  const status = { ...working, targets, paused: ['a', 'b'], works: [], signers };
  const move = step({ kind: 'Switchover', spec: { sourceNode: 'a', destNode: 'b' }, status, observed });
  expect(move.status).toMatchObject({ phase, reason, message: expect.stringContaining(says) });
  expect(move.effects.map((one) => one.do)).toEqual(['emitEvent']);
});

it('lets the object of a job that ended Held go also when its nodes are released', () => {
  const status = { ...working, phase: 'Held' as const, works: [] };
  const record = { phase: 'Held' } as never;
  const facts = { targets: observed.targets, deleting: true, release: true, record };
  const doings = (more: object): readonly string[] =>
    step({ status, observed: { ...facts, ...more } }).effects.map((effect) => effect.do);
  expect(doings({})).toEqual(['acquireLock', 'noteOnLock']);
  expect(doings({ namespaceGoing: true })).toContain('removeFinalizer');
  expect(doings({ namespaceGoing: true })).not.toContain('acquireLock');
});

it('changes nothing of a job that has ended, or whose namespace stays', () => {
  const ended = { ...working, phase: 'Complete' as const, message: 'done' };
  expect(step({ status: ended, observed }).status).toBe(ended);
  expect(step({ status: { ...working, phase: 'Stopping' }, observed: { targets: new Map([['a', found]]) } }).status.phase).toBe('Stopping'); // prettier-ignore
});

it('is known by the words of the API server', () => {
  const words =
    'leases "x" is forbidden: unable to create new content in namespace prod because it is being terminated';
  expect(isNamespaceGoing(new KubeError('FORBIDDEN', words), 'prod')).toBe(true);
  expect(isNamespaceGoing(new KubeError('FORBIDDEN', 'leases "x" is forbidden: exceeded quota'), 'prod')).toBe(false);
  expect(isNamespaceGoing(new KubeError('SERVER', words), 'prod')).toBe(false);
});

it('is not the namespace of the controller, or any other', () => {
  const words = 'configmaps "nodewright" is forbidden: unable to create new content in namespace us because it is being terminated'; // prettier-ignore
  expect(isNamespaceGoing(new KubeError('FORBIDDEN', words), 'us')).toBe(true);
  for (const other of ['prod', 'u', 'us-prod', '']) expect(isNamespaceGoing(new KubeError('FORBIDDEN', words), other)).toBe(false); // prettier-ignore
});
