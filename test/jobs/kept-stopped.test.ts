// A node stays stopped while a job works on it, and only under the lock of that job.

import { describe, expect, it } from 'vitest';

import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import type { ObservedNode } from '../../src/jobs/model/observation.ts';
import { citaTarget, managedTarget, source, targetSeen } from './support/fixtures.ts';
import { ago, found, HOLDER, LOCK, locks, NOTE, pvc, step, stopped, work, working } from './support/step.ts';

const OTHER = { uid: 'another', text: 'Restore prod/two' };
const taken = new Map([[LOCK, { holder: OTHER, note: NOTE }]]);
const at = (node: ObservedNode): ReadonlyMap<string, ObservedNode> => new Map([['a', node]]);
const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
const RISKY = { kind: 'BlockHeightFallback', spec: { ...cloud, node: 'a', blockHeight: 90 } };
const stopping: JobStatus = { ...working, phase: 'Stopping' };

describe('a lock that another job has acquired', () => {
  it.each([
    {
      because: 'while the nodes stop: they start again',
      status: stopping,
      given: {},
      phase: 'Starting',
      unsafe: false,
    },
    { because: 'while a copy is made: it starts again', status: working, given: {}, phase: 'Starting', unsafe: false },
    { because: 'while data is changed: it is left paused', status: working, given: RISKY, phase: 'Held', unsafe: true },
  ])('ends the job $because', ({ status, given, phase, unsafe }) => {
    const move = step({ ...given, status, observed: { locks: taken, targets: at(stopped), pvc } });
    expect(move.status).toMatchObject({ phase, failure: { reason: 'LockLost', unsafe } });
    expect(move.status.message).toContain(`Restore prod/two has acquired ${LOCK}, which this job needs`);
  });

  it('that is free is acquired again, with the note, before the work continues', () => {
    const { status, effects } = step({ status: working, observed: { locks: new Map(), targets: at(stopped), pvc } });
    expect(status).toMatchObject({ phase: 'Working', message: 'writes down what it is about to do' });
    expect(effects).toEqual([
      { do: 'acquireLock', lock: LOCK, holder: HOLDER },
      { do: 'noteOnLock', lock: LOCK, note: NOTE },
    ]);
  });

  it('has no note of a job that stops nothing', () => {
    const own = new Map([[LOCK, { holder: HOLDER }]]);
    const { effects } = step({ status: { ...working, paused: [] }, observed: { locks: own, targets: at(found), pvc } });
    expect(effects.map(({ do: what }) => what)).not.toContain('noteOnLock');
  });
});

describe('the note on the lock', () => {
  const noteOf = (status: JobStatus, given: object = {}): object | undefined => {
    const own = new Map([[LOCK, { holder: HOLDER }]]);
    const targets = new Map(['a', 'b'].map((node) => [node, stopped]));
    const { effects } = step({ ...given, status, observed: { locks: own, targets, pvc } });
    const [effect] = effects.filter((one) => one.do === 'noteOnLock');
    return effect?.note;
  };

  it('says nothing of danger while a copy is made', () => expect(noteOf(working)).toEqual(NOTE));

  it('says while data is changed that the node must not be started', () => {
    expect(noteOf(working, RISKY)).toMatchObject({ uid: HOLDER.uid, unsafe: 'its data is being changed' });
    expect(noteOf(working, RISKY)).not.toHaveProperty('keys');
  });

  it('says that one of the nodes was left paused by an earlier job, as long as nothing has repaired it', () => {
    const targets = [citaTarget('b'), citaTarget('a', { detached: true })];
    expect(noteOf({ ...working, targets })).toMatchObject({ unsafe: 'an earlier job left it paused' });
  });

  it('says so also of a job that will repair the node, until it starts it', () => {
    const status: JobStatus = { ...stopping, targets: [citaTarget('a', { detached: true })] };
    const given = { kind: 'Restore', spec: { ...cloud, node: 'a', backup: 'one' } };
    expect(noteOf(status, given)).toMatchObject({ unsafe: 'an earlier job left it paused' });
  });

  it('has no replicas of a node that has none of its own', () => {
    const { replicas: _replicas, ...target } = citaTarget('a');
    const [node] = (noteOf({ ...working, targets: [target] }) as typeof NOTE).nodes;
    expect(node).toEqual({ node: 'a', workload: target.workload, wasRunning: true });
  });
});

describe('while the keys of two nodes are exchanged', () => {
  const targets = [managedTarget('a'), managedTarget('b')];
  const names = ['nodewright-node-a', 'nodewright-node-b'];
  const states = targets.map(({ node }) => ({
    node,
    volume: 'data',
    paths: ['state.json'],
    text: '{"height":"9","round":0,"step":3}',
  }));
  const seen = new Map(
    targets.map((target) => [target.node, targetSeen(target, { pods: [], replicas: 0, paused: true })]),
  );
  const exchange = (signers: JobStatus['signers'], observed: ReadonlyMap<string, object> = new Map()) =>
    step({
      kind: 'Switchover',
      spec: { sourceNode: 'a', destNode: 'b' },
      status: { ...working, locks: names, targets, paused: ['a', 'b'], works: [], signers },
      observed: {
        locks: new Map(names.map((name) => [name, { holder: HOLDER, ...observed.get(name) }])),
        targets: seen,
      },
    });
  const since = ago(1);

  it('the note names what each key has signed, and forbids other jobs', () => {
    const [effect] = exchange({ step: 'write', since, states }).effects;
    expect(effect).toMatchObject({
      do: 'noteOnLock',
      note: {
        keys: true,
        unsafe: expect.stringMatching(/may lie on different volumes \(the first key of a: .*9.*the first key of b/),
      },
    });
  });

  it('the note forbids nothing while the states are only read', () => {
    const [effect] = exchange({ step: 'read', since, states }).effects;
    expect(effect).toMatchObject({ do: 'noteOnLock' });
    expect(effect).not.toHaveProperty('note.unsafe');
    expect(effect).not.toHaveProperty('note.keys');
  });

  it.each([
    { because: 'left paused', at: 'write', phase: 'Held' },
    { because: 'started again while nothing was written', at: 'read', phase: 'Starting' },
  ] as const)('a lost lock leaves the nodes $because', ({ at: part, phase }) => {
    const other = new Map([['nodewright-node-b', { holder: OTHER }]]);
    expect(exchange({ step: part, since, states }, other).status).toMatchObject({
      phase,
      failure: { reason: 'LockLost' },
    });
  });
});

describe('a managed node', () => {
  const target = managedTarget('a');
  const status: JobStatus = { ...stopping, targets: [target] };
  const note = { ...NOTE, nodes: [{ node: 'a', workload: target.workload, wasRunning: true }] };
  const own = new Map([[LOCK, { holder: HOLDER, note }]]);
  const pod = { name: 'a-0', ready: false };

  it.each([
    { because: 'it is not paused', seen: { pods: [], replicas: 0, paused: false }, stops: true },
    { because: 'its StatefulSet still asks for a pod', seen: { pods: [], replicas: 1, paused: true }, stops: false },
    { because: 'a pod of it is left', seen: { pods: [pod], replicas: 0, paused: true }, stops: false },
  ])('is not stopped while $because', ({ seen, stops }) => {
    const observed = { locks: own, targets: at(targetSeen(target, seen)) };
    const move = step({ spec: { node: 'a' }, status, observed });
    expect(move.status).toMatchObject({ phase: 'Stopping', message: 'waits until every pod of a is gone' });
    expect(move.effects).toEqual(stops ? [{ do: 'pauseNode', node: 'a', because: 'Backup prod/one' }] : []);
  });

  it.each([0, undefined])('is stopped when it is paused and its StatefulSet asks for %s pods', (replicas) => {
    const node = targetSeen(target, { pods: [], paused: true, replicas });
    const { status: later } = step({ spec: { node: 'a' }, status, observed: { locks: own, targets: at(node) } });
    expect(later).toMatchObject({ phase: 'Working', message: 'a is stopped, and no pod of it is left' });
  });

  it('is not stopped while nothing is seen of it', () => {
    expect(step({ spec: { node: 'a' }, status, observed: { locks: own } }).status.phase).toBe('Stopping');
  });
});

describe('while it stops', () => {
  const seen = (more: Partial<ObservedNode>) => ({ locks, targets: at(targetSeen(citaTarget('a'), more)) });

  it('a workload that asks for no pods is not scaled again', () => {
    const { effects } = step({ status: stopping, observed: seen({ replicas: 0 }) });
    expect(effects).toEqual([]);
  });

  it.each([
    { because: 'a higher one is noted', last: 100, health: { answering: true, height: 120 }, height: 120 },
    { because: 'a lower one is not', last: 100, health: { answering: true, height: 90 }, height: 100 },
    { because: 'the first one is noted', last: undefined, health: { answering: true, height: 0 }, height: 0 },
    { because: 'no answer leaves it', last: 100, health: { answering: false }, height: 100 },
  ])('the last height of the node counts for the copy: $because', ({ last, health, height }) => {
    const { height: _height, ...target } = citaTarget('a');
    const targets = [last === undefined ? target : { ...target, height: last }];
    const { status } = step({ status: { ...stopping, targets }, observed: seen({ health }) });
    expect(status).toMatchObject({ phase: 'Stopping', targets: [{ node: 'a', height }] });
    const gone = step({ status: { ...stopping, targets }, observed: seen({ health, pods: [], replicas: 0 }) });
    expect(gone.status).toMatchObject({ phase: 'Working', targets: [{ node: 'a', height }] });
  });

  it.each([
    { because: 'its pods', more: { pods: [{ name: 'a-0', ready: false }] }, left: 'pod a-0 still exists' },
    { because: 'its workload', more: { pods: [], replicas: 1 }, left: 'its workload still asks for pods' },
  ])('names what is left after the deadline: $because', ({ more, left }) => {
    const { status } = step({ status: { ...stopping, since: ago(600) }, observed: seen(more) });
    expect(status).toMatchObject({ phase: 'Starting', failure: { reason: 'NodeWillNotStop', unsafe: false } });
    expect(status.message).toMatch(new RegExp(`^a did not stop within .*: ${left}$`));
  });

  it('one workload of several nodes is scaled once', () => {
    const shared = { workload: citaTarget('chain').workload };
    const targets: JobTarget[] = [citaTarget('a', shared), citaTarget('b', shared)];
    const spec = { ...cloud, nodes: ['a', 'b'], blockHeight: 90 };
    const names = ['nodewright-node-a', 'nodewright-node-b'];
    const nodes = targets.map(({ node, workload }) => ({ node, workload, wasRunning: true, replicas: 1 }));
    const note = { uid: HOLDER.uid, job: 'BlockHeightFallback prod/one', nodes };
    const { effects } = step({
      kind: 'BlockHeightFallback',
      spec,
      status: { ...stopping, locks: names, targets, paused: ['a', 'b'] },
      observed: {
        locks: new Map(names.map((name) => [name, { holder: HOLDER, note }])),
        targets: new Map(targets.map((target) => [target.node, targetSeen(target)])),
      },
    });
    expect(effects).toMatchObject([{ do: 'scaleWorkload', workload: { name: 'chain' }, replicas: 0 }]);
  });
});

describe('a node that something else starts during the work', () => {
  const { uid: _uid, ...unseen } = work;
  const ended = { ...work, outcome: 'Succeeded' as const };
  const running = targetSeen(citaTarget('a'));
  const asked = targetSeen(citaTarget('a'), { pods: [], replicas: 1 });

  it.each([
    { because: 'before a worker pod exists', works: [], node: running },
    { because: 'before the worker Job is known to exist', works: [unseen], node: running },
    { because: 'after all worker pods have ended', works: [ended], node: running },
    { because: 'when it has no pod yet', works: [work], node: asked },
  ])('is stopped again $because', ({ works, node }) => {
    const { status, effects } = step({ status: { ...working, works }, observed: { locks, targets: at(node), pvc } });
    expect(status).toMatchObject({ phase: 'Working', message: 'stops a again: something else started it' });
    expect(status).not.toHaveProperty('failure');
    expect(effects).toMatchObject([{ do: 'scaleWorkload', node: 'a', replicas: 0 }]);
  });

  const message = /^something else started a while its data was being worked on, so the result is not consistent/;

  it('makes a copy worthless: the worker Job is deleted and the node left running', () => {
    const works = [{ ...ended, name: 'first' }, work];
    const { status, effects } = step({
      status: { ...working, works },
      observed: { locks, targets: at(running), pvc },
    });
    expect(status).toMatchObject({
      phase: 'Starting',
      message: expect.stringMatching(message),
      failure: { reason: 'NodeStarted', unsafe: false },
      works: [
        { name: 'first', outcome: 'Succeeded' },
        { name: work.name, outcome: 'Failed', code: 'NodeStarted' },
      ],
    });
    expect(effects).toEqual([
      { do: 'deleteJob', name: work.name, uid: 'job-1', because: 'the node runs' },
      expect.objectContaining({ do: 'emitEvent' }),
    ]);
  });

  it('is stopped and left paused when its data was being changed', () => {
    const { status, effects } = step({ ...RISKY, status: working, observed: { locks, targets: at(running) } });
    expect(status).toMatchObject({ phase: 'Held', failure: { reason: 'NodeStarted', unsafe: true } });
    expect(effects.map(({ do: what }) => what)).toEqual(['scaleWorkload', 'deleteJob', 'emitEvent']);
  });

  it('makes what was read of its signer state worthless, also when no worker pod is there', () => {
    const signers: JobStatus['signers'] = { step: 'read', since: ago(1), states: [] };
    const status: JobStatus = { ...working, works: [], signers };
    const { status: later } = step({ status, observed: { locks, targets: at(running), pvc } });
    expect(later).toMatchObject({ phase: 'Starting', failure: { reason: 'NodeStarted' } });
  });

  it('does not matter to a job that stopped nothing', () => {
    const status: JobStatus = { ...working, paused: [] };
    expect(step({ status, observed: { locks, targets: at(running), pvc } }).status).not.toHaveProperty('failure');
  });
});

describe('a node that is stopped when a job with the action Direct begins', () => {
  const target = managedTarget('a', { wasRunning: false });
  const begin = (kind: string, spec: object, pods: ObservedNode['pods']): JobStatus =>
    step({
      kind,
      spec: { node: 'a', action: 'Direct', ...spec },
      status: { phase: 'Locked', locks: [LOCK] },
      observed: {
        locks: new Map([[LOCK, { holder: HOLDER }]]),
        targets: at(targetSeen(target, { pods, replicas: pods.length, health: { answering: false } })),
        source: source(),
        trial: { verdict: 'Accepted' },
      },
    }).status;
  const pods = [{ name: 'a-0', ready: true }];

  it.each([
    { because: 'while it is copied', kind: 'Backup', spec: {} },
    { because: 'while its data is replaced', kind: 'Restore', spec: { backup: 'nightly' } },
  ])('is kept so $because, so that it does not run on half of its data', ({ kind, spec }) => {
    expect(begin(kind, spec, [])).toMatchObject({ phase: 'Stopping', paused: ['a'] });
  });

  it('is not stopped when it runs, or for a job that works beside it', () => {
    expect(begin('Backup', {}, pods)).toMatchObject({ phase: 'Working', paused: [], live: true });
    expect(begin('ChangeOwner', { uid: 1000, gid: 1000 }, [])).toMatchObject({ phase: 'Working', paused: [] });
  });
});
