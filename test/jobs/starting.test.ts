// What keeps a node from being started: worker pods that are still there, and two nodes with one key.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { managedTarget, targetSeen } from './support/fixtures.ts';
import { HOLDER, locks, step, stopped, working } from './support/step.ts';

const starting: JobStatus = { ...working, phase: 'Starting' };

describe('a node whose work has ended', () => {
  it.each([1, 2, 7])('is not started while %i worker pods are there', (workerPods) => {
    const { status, effects } = step({
      status: starting,
      observed: { locks, targets: new Map([['a', stopped]]), workerPods },
    });
    expect(status).toMatchObject({ phase: 'Starting', message: 'waits until the worker pods are gone' });
    expect(effects.filter(({ do: what }) => what === 'scaleWorkload' || what === 'unpauseNode')).toEqual([]);
  });

  it('is started when none is left', () => {
    const { effects } = step({ status: starting, observed: { locks, targets: new Map([['a', stopped]]) } });
    expect(effects).toMatchObject([{ do: 'scaleWorkload', node: 'a', replicas: 1 }]);
  });
});

describe('two nodes of a Switchover', () => {
  const spec = { sourceNode: 'a', destNode: 'b' };
  const pair = (a: string | undefined, b: string | undefined): ReturnType<typeof step> => {
    const targets = [managedTarget('a'), managedTarget('b')];
    const names = ['nodewright-node-a', 'nodewright-node-b'];
    const identities = new Map(
      Object.entries({ a, b }).flatMap(([node, key]) => (key === undefined ? [] : [[node, key]])),
    );
    return step({
      kind: 'Switchover',
      spec,
      status: { ...starting, locks: names, targets, holds: ['a', 'b'], works: [] },
      observed: {
        locks: new Map(names.map((name) => [name, { holder: HOLDER }])),
        targets: new Map(targets.map((target) => [target.node, targetSeen(target, { pods: [], paused: true })])),
        identities,
      },
    });
  };

  it('stay stopped when both would sign with one key', () => {
    const { status, effects } = pair('k', 'k');
    expect(status).toMatchObject({ phase: 'Held', failure: { reason: 'SameIdentity', unsafe: true } });
    expect(status.message).toContain('a and b would both sign with k');
    expect(effects.map(({ do: what }) => what)).toEqual(['emitEvent']);
  });

  it.each([
    { because: 'each has its own key', a: 'k', b: 'l' },
    { because: 'only the first has a key', a: 'k', b: undefined },
    { because: 'only the second has a key', a: undefined, b: 'l' },
    { because: 'neither has a key now', a: undefined, b: undefined },
  ])('are not held when $because', ({ a, b }) => {
    expect(pair(a, b).status).toMatchObject({ phase: 'Starting' });
  });
});
