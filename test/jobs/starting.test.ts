// What keeps a node from being started: worker pods that are still there, and two nodes with one key.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { Ask, HeightProbe, HowTo } from '../../src/api/chain-jobs.ts';
import { defined } from '../../src/lib/defined.ts';
import type { ObservedNode } from '../../src/jobs/model/observation.ts';
import { citaTarget, managedTarget, targetSeen, UID } from './support/fixtures.ts';
import { ago, HOLDER, LOCK, locks, NOTE, step, stopped, working } from './support/step.ts';

const starting: JobStatus = { ...working, phase: 'Starting' };
const PLACE = { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain' };

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
      status: { ...starting, locks: names, targets, paused: ['a', 'b'], works: [] },
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
  ])('are not left paused when $because', ({ a, b }) => {
    expect(pair(a, b).status).toMatchObject({ phase: 'Starting' });
  });
});

describe('which nodes are started', () => {
  const target = managedTarget('a');
  const note = { ...NOTE, nodes: [{ node: 'a', workload: target.workload, wasRunning: true }] };
  const own = new Map([[LOCK, { holder: HOLDER, note }]]);
  const managed = (status: Partial<JobStatus>, seen: Partial<ObservedNode>) =>
    step({
      spec: { node: 'a' },
      status: { ...starting, targets: [target], ...status },
      observed: { locks: own, targets: new Map([['a', targetSeen(target, { pods: [], replicas: 0, ...seen })]]) },
    });
  const started = ({ effects }: ReturnType<typeof step>): readonly string[] =>
    effects.flatMap(({ do: what }) => (what === 'unpauseNode' || what === 'scaleWorkload' ? [what] : []));

  it.each([
    { because: 'it is paused by this job', status: {}, seen: { paused: true }, effects: ['unpauseNode'] },
    { because: 'it is not paused any more', status: {}, seen: { paused: false }, effects: [] },
    {
      because: 'another job left it paused',
      status: {},
      seen: { paused: true, leftPausedBy: 'Restore x' },
      effects: [],
    },
    { because: 'this job stopped none', status: { paused: [] }, seen: { paused: true }, effects: [] },
    { because: 'this job stopped another', status: { paused: ['b'] }, seen: { paused: true }, effects: [] },
  ])('a managed one, when $because: $effects', ({ status, seen, effects }) => {
    const move = managed(status, seen);
    expect(started(move)).toEqual(effects);
    expect(move.status.released).toEqual(effects.length === 0 ? undefined : ['a']);
  });

  it('is waited for while another job has left it paused, and says which', () => {
    const { status } = managed({}, { paused: true, leftPausedBy: 'Restore prod/two' });
    expect(status.message).toBe('waits until Restore prod/two releases a');
  });

  it('none of which nothing is seen', () => {
    const observed = { locks: own };
    const managedMove = step({ spec: { node: 'a' }, status: { ...starting, targets: [target] }, observed });
    expect(started(managedMove)).toEqual([]);
    expect(started(step({ status: starting, observed: { locks } }))).toEqual([]);
  });

  it('a node of another tool is not released on record: nothing keeps it stopped', () => {
    const move = step({ status: starting, observed: { locks, targets: new Map([['a', stopped]]) } });
    expect(started(move)).toEqual(['scaleWorkload']);
    expect(move.status).not.toHaveProperty('released');
  });

  it('a node that an earlier job left paused stays stopped, unless this job repairs it and has not failed', () => {
    const detached = { ...starting, targets: [citaTarget('a', { detached: true })] };
    const observed = { targets: new Map([['a', stopped]]) };
    const nodes = NOTE.nodes.map((node) => ({ ...node, detached: true }));
    const held = new Map([
      [LOCK, { holder: HOLDER, note: { ...NOTE, nodes, unsafe: 'an earlier job left it paused' } }],
    ]);
    expect(started(step({ status: detached, observed: { ...observed, locks: held } }))).toEqual([]);
    const restore = { kind: 'Restore', spec: { ...PLACE, backup: 'one' } };
    const of = (more: object) =>
      new Map([[LOCK, { holder: HOLDER, note: { ...NOTE, nodes, job: 'Restore prod/one', ...more } }]]);
    const repaired = step({ ...restore, status: detached, observed: { ...observed, locks: of({}) } });
    expect(started(repaired)).toEqual(['scaleWorkload']);
    const failure = { reason: 'NoSpace', message: 'no space', unsafe: false } as const;
    const locksNow = of({ unsafe: 'an earlier job left it paused' });
    const failed = step({ ...restore, status: { ...detached, failure }, observed: { ...observed, locks: locksNow } });
    expect(failed.effects.map(({ do: what }) => what)).toEqual(['emitEvent']);
  });
});

describe('the end of a job', () => {
  const running = new Map([['a', targetSeen(citaTarget('a'))]]);
  const ending = (status: Partial<JobStatus>, observed: object = {}) =>
    step({ status: { ...starting, ...status }, observed: { locks, targets: running, ...observed } }).status;
  const failure = { reason: 'NoSpace', message: 'no space', unsafe: false } as const;

  it.each([
    { because: 'what was proven', status: { notes: ['one', 'two'] }, observed: {}, says: 'one; two' },
    { because: 'that it is done, where nothing was', status: {}, observed: {}, says: 'done' },
    {
      because: 'that its withdrawal came too late',
      status: { notes: ['one'] },
      observed: { withdrawn: 'its file was removed' },
      says: 'one; its file was removed after work had begun, so it ran to its end',
    },
  ])('says $because', ({ status, observed, says }) => {
    expect(ending(status, observed)).toMatchObject({ phase: 'Complete', message: says, paused: [] });
  });

  it('says which nodes were stopped before', () => {
    const targets = [citaTarget('a', { replicas: 0, wasRunning: false })];
    const note = {
      ...NOTE,
      nodes: [{ node: 'a', workload: citaTarget('a').workload, wasRunning: false, replicas: 0 }],
    };
    const own = new Map([[LOCK, { holder: HOLDER, note }]]);
    const status = ending({ targets, notes: ['one'] }, { locks: own, targets: new Map([['a', stopped]]) });
    expect(status).toMatchObject({ phase: 'Complete', message: 'one; a was stopped before and stays so' });
  });

  it('is the failure that made it start its nodes', () => {
    expect(ending({ failure })).toMatchObject({ phase: 'Failed', reason: 'NoSpace', message: 'no space', paused: [] });
  });

  const late = { since: ago(31) };
  const waiting = { targets: new Map([['a', targetSeen(citaTarget('a'), { pods: [] })]]) };
  const says = '30 minutes after the start it still waits until the pod of a runs';

  it.each([
    { because: 'a proven copy', given: {}, ends: { phase: 'Complete', message: `one; ${says}`, paused: [] } },
    {
      because: 'a failure',
      given: { failure },
      ends: { phase: 'Failed', reason: 'NoSpace', message: `no space; ${says}`, failure, paused: [] },
    },
  ])('comes half an hour after the start all the same: $because', ({ given, ends }) => {
    expect(ending({ ...late, notes: ['one'], ...given }, waiting)).toMatchObject(ends);
  });

  it('is a failure half an hour after the start, where the node proves the work', () => {
    const note = { ...NOTE, job: 'Restore prod/one' };
    const observed = { ...waiting, locks: new Map([[LOCK, { holder: HOLDER, note }]]) };
    const restore = { kind: 'Restore', spec: { ...PLACE, backup: 'one' } };
    expect(step({ ...restore, status: { ...starting, ...late }, observed }).status).toMatchObject({
      phase: 'Failed',
      reason: 'NodeNotHealthy',
      message: `the work is done, but ${says}`,
      failure: { reason: 'NodeNotHealthy', message: says, unsafe: false },
      paused: [],
    });
  });
});

describe('a node that goes back while it runs', () => {
  const ask: Ask = { id: 'height', role: 'node', port: 26657, method: 'GET', path: '/height' };
  const height: HeightProbe = { ask, at: ['height'], format: 'decimal' };
  const rollback: HowTo = { how: 'ask', asks: [], height };
  const target = managedTarget('a');
  const spec = { node: 'a', blockHeight: 90 };
  const task = { name: 'ask', node: 'a', attempt: 1, intentAt: ago(1) };
  const asked = (status: Partial<JobStatus>, termination?: string, ofJob = {}) => {
    const seen = targetSeen(target, { answers: { identityFiles: [], signerState: [], rollback } });
    const answer = { suspended: false, active: 0, running: false, ...ofJob };
    const tasks = new Map(termination === undefined ? [] : [['ask', { ...answer, termination }]]);
    const fresh: JobStatus = { phase: 'Working', since: ago(1), locks: [LOCK], targets: [target], paused: [] };
    const own = new Map([[LOCK, { holder: HOLDER }]]);
    return step({
      kind: 'BlockHeightFallback',
      spec,
      status: { ...fresh, ...status },
      observed: { locks: own, targets: new Map([['a', seen]]), tasks },
    });
  };

  it('is asked, once that is on record, and again until it has answered', () => {
    const effect = { do: 'askNode', task: 'ask', node: 'a', asks: [], height, wanted: 90 };
    const first = asked({});
    expect(first.status).toMatchObject({ phase: 'Working', message: 'asks a', works: [{ name: 'ask', attempt: 1 }] });
    expect(first.effects).toEqual([effect]);
    const again = asked({ works: [task] });
    expect(again.status.works).toEqual([task]);
    expect(again.effects).toEqual([effect]);
  });

  it('is not taken at an answer that came before the question was on record', () => {
    expect(asked({}, JSON.stringify({ ok: true, height: 90 })).status.phase).toBe('Working');
  });

  it('is not taken at the word of a Job that someone gave the name of the question', () => {
    const words = JSON.stringify({ ok: true, height: 90 });
    const { status } = asked({ works: [task] }, words, { uid: 'job-1', jobUid: UID, finished: 'Complete' });
    expect(status).toMatchObject({ phase: 'Working', works: [task] });
  });

  it.each([
    { answer: { ok: true, height: 90 }, ends: { outcome: 'Succeeded', height: 90 } },
    {
      answer: { ok: false, code: 'NotSupported', message: 'no' },
      ends: { outcome: 'Failed', code: 'NotSupported', message: 'no' },
    },
  ])('is verified by its answer $answer', ({ answer, ends }) => {
    const { status } = asked({ works: [task] }, JSON.stringify(answer));
    expect(status).toMatchObject({ phase: 'Verifying', message: 'a has answered' });
    expect(status.works).toEqual([{ ...task, endedAt: expect.any(String), ...ends }]);
  });

  it('has as much time as spec.deadlineSeconds says', () => {
    const slow = { works: [task], since: ago(60 * 24 * 7) };
    expect(asked(slow).status).toMatchObject({
      phase: 'Starting',
      failure: { reason: 'DeadlineExceeded', message: 'a did not answer within spec.deadlineSeconds', unsafe: false },
    });
    expect(asked(slow, JSON.stringify({ ok: true, height: 90 })).status.phase).toBe('Verifying');
  });
});
