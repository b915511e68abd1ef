// The node of a job was deleted, and no file declares it: nothing is waited for that cannot come.

import { describe, expect, it } from 'vitest';

import type { ObservedNode } from '../../src/jobs/model/observation.ts';
import { managedTarget } from './support/fixtures.ts';
import { step, stopped, working } from './support/step.ts';

const missing = {
  found: { ok: false, reason: 'NodeMissing', message: 'absent' },
  pods: [],
  replicas: 0,
  paused: true,
} as const;
const observed = { gone: ['a'], targets: new Map([['a', missing]]) };
const says = expect.stringContaining('BlockchainNode a was deleted, and no file declares it');
const kinds = [
  { kind: 'Backup', spec: {} },
  { kind: 'Restore', spec: { backup: 'x' } },
  { kind: 'ChangeOwner', spec: { uid: 1, gid: 1 } },
  { kind: 'Snapshot', spec: { blockHeight: 1 } },
  { kind: 'BlockHeightFallback', spec: { blockHeight: 1 } },
].map((one) => ({ ...one, spec: { node: 'a', ...one.spec } }));

describe.each(kinds)('a $kind', ({ kind, spec }) => {
  it.each(['Claimed', 'Locked'] as const)('that has not begun is refused in %s, also while it must wait', (phase) => {
    const status = { phase, since: working.since };
    const move = step({
      kind,
      spec,
      status,
      observed: { ...observed, mustWait: 'waits while the Fleet is suspended' },
    });
    expect(move.status).toMatchObject({ phase: 'Refused', reason: 'NodeMissing', message: says });
  });

  it('that stops it fails, and ends at once', () => {
    const status = { ...working, works: [], targets: [managedTarget('a')], phase: 'Stopping' as const };
    const failed = step({ kind, spec, status, observed }).status;
    expect(failed).toMatchObject({ phase: 'Starting', failure: { reason: 'NodeMissing', unsafe: false } });
    const ended = step({ kind, spec, status: { ...failed, locks: [], paused: [] }, observed: { gone: ['a'] } }).status;
    expect(ended).toMatchObject({ phase: 'Failed', reason: 'NodeMissing', message: says });
  });
});

it('is not refused while the node may come', () => {
  const status = { phase: 'Locked' as const, since: working.since };
  const move = step({ kind: 'Backup', spec: { node: 'a' }, status, observed: { targets: observed.targets } });
  expect(move.status).toMatchObject({ phase: 'Locked', message: 'absent' });
});

const starting = { ...working, phase: 'Starting' as const, works: [], locks: [], paused: [], notes: ['copied'] };

it('ends a proven copy as Complete', () => {
  const status = { ...starting, targets: [managedTarget('a')] };
  expect(step({ kind: 'Backup', spec: { node: 'a' }, status, observed }).status).toMatchObject({
    phase: 'Complete',
    message: expect.stringMatching(/^copied; BlockchainNode a was deleted/),
  });
});

it('does not keep the other node of a Switchover from its start', () => {
  const status = { ...starting, targets: [managedTarget('a'), managedTarget('b')], paused: ['a', 'b'] };
  const targets = new Map<string, ObservedNode>([['a', missing], ['b', { ...stopped, paused: true }]]); // prettier-ignore
  const spec = { sourceNode: 'a', destNode: 'b' };
  const { effects } = step({ kind: 'Switchover', spec, status, observed: { gone: ['a'], targets } });
  expect(effects).toContainEqual({ do: 'unpauseNode', node: 'b' });
});
