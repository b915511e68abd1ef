// What keeps a node from being started: worker pods that are still there, and two nodes with one key.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { defined } from '../../src/lib/defined.ts';
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

describe('a worker Job that is left when the node is to start', () => {
  const [done] = working.works ?? [];
  const left = { suspended: false, active: 1, running: true };
  it.each([
    { because: 'its work has failed: it is deleted', work: { outcome: 'Failed' }, live: 'job-1', deleted: true },
    { because: 'its work is not known to have ended: it is deleted', work: {}, live: 'job-1', deleted: true },
    { because: 'its work has succeeded', work: { outcome: 'Succeeded' }, live: 'job-1', deleted: false },
    { because: 'another object has its name', work: { outcome: 'Failed' }, live: 'other', deleted: false },
    { because: 'it was never seen', work: { outcome: 'Failed', uid: undefined }, live: 'job-1', deleted: false },
  ] as const)('$because', ({ work, live, deleted }) => {
    if (done === undefined) throw new Error('the fixture has a task');
    const { uid = 'job-1', ...rest } = done;
    const task = {
      ...rest,
      ...('uid' in work ? {} : { uid }),
      ...defined({ outcome: 'outcome' in work ? work.outcome : undefined }),
    };
    const { effects } = step({
      status: { ...starting, works: [task] },
      observed: {
        locks,
        targets: new Map([['a', stopped]]),
        tasks: new Map([[done.name, { ...left, uid: live }]]),
        workerPods: 1,
      },
    });
    const deletions = effects.filter(({ do: what }) => what === 'deleteJob');
    expect(deletions).toEqual(
      deleted ? [{ do: 'deleteJob', name: done.name, uid: 'job-1', because: 'the work has failed' }] : [],
    );
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
