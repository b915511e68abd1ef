// Each decision after the work: what is proven, what is started, what stays paused, what is removed.

import { describe, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import type { ObservedHealth } from '../../src/jobs/model/observation.ts';
import { createPauses } from '../../src/controller/node/pauses.ts';
import { defined } from '../../src/lib/defined.ts';
import { citaTarget, managedTarget, targetSeen, UID } from './support/fixtures.ts';
import { ago, busy, pvc, HOLDER, LOCK, locks, NOTE, step, stopped, work, working } from './support/step.ts';

const NOT_STOPPED = { reason: 'NodeWillNotStop', message: 'a did not stop', unsafe: false } as const;

describe('after the work', () => {
  it.each([
    {
      because: 'without a manifest there is no backup',
      works: [{ ...work, outcome: 'Succeeded' as const }],
      phase: 'Starting',
      reason: 'NoManifest',
    },
    {
      because: 'a failure with the data untouched starts the node again',
      works: [{ ...work, outcome: 'Failed' as const, code: 'NoSpace' as const, message: 'no space', unsafe: false }],
      phase: 'Starting',
      reason: 'NoSpace',
    },
    {
      because: 'an unsafe failure leaves it paused',
      works: [{ ...work, outcome: 'Failed' as const, code: 'ContentDiffers' as const, message: 'half', unsafe: true }],
      phase: 'Held',
      reason: 'ContentDiffers',
    },
  ])('$because', ({ works, phase, reason }) => {
    expect(step({ status: { ...working, phase: 'Verifying', works } }).status).toMatchObject({
      phase,
      failure: { reason },
    });
  });

  it('a rollback of some nodes of a chain only leaves them paused', () => {
    const works = [
      { ...work, outcome: 'Succeeded' as const, height: 9 },
      { ...work, name: 'x', node: 'b', outcome: 'Failed' as const, unsafe: false },
    ];
    const spec = { nodes: ['a', 'b'], blockHeight: 9, deployMethod: 'cloud-config', chain: 'test-chain' };
    expect(
      step({ kind: 'BlockHeightFallback', spec, status: { ...working, phase: 'Verifying', works } }).status,
    ).toMatchObject({ phase: 'Held', reason: 'HalfDone' });
  });

  it('the height is proven, never taken from the request', () => {
    const spec = { node: 'a', blockHeight: 9, deployMethod: 'cloud-config', chain: 'test-chain' };
    const works = [{ ...work, outcome: 'Succeeded' as const, height: 10 }];
    expect(
      step({ kind: 'BlockHeightFallback', spec, status: { ...working, phase: 'Verifying', works } }).status,
    ).toMatchObject({ phase: 'Starting', reason: 'HeightNotProven' });
  });

  it('waits for as many pods as there were', () => {
    const status: JobStatus = { ...working, phase: 'Starting', targets: [citaTarget('a', { replicas: 2 })] };
    const note = { ...NOTE, nodes: [{ ...NOTE.nodes[0]!, replicas: 2 }] };
    const observed = targetSeen(citaTarget('a'), { pods: [{ name: 'a-0', ready: true }], replicas: 2 });
    const { status: later } = step({
      status,
      observed: { targets: new Map([['a', observed]]), locks: new Map([[LOCK, { holder: HOLDER, note }]]) },
    });
    expect(later).toMatchObject({ phase: 'Starting', message: 'waits for 2 pods of a' });
  });

  it.each([
    { because: 'it has no pod', pods: [], phase: 'Starting' },
    { because: 'its pod cannot be placed', pods: [{ name: 'a-0', ready: false, pending: true }], phase: 'Starting' },
    { because: 'its pod ends', pods: [{ name: 'a-0', ready: true, terminating: true }], phase: 'Starting' },
    { because: 'its pod runs', pods: [{ name: 'a-0', ready: false }], phase: 'Complete' },
    { because: 'it failed without a pod', pods: [], failure: NOT_STOPPED, phase: 'Starting' },
    {
      because: 'it failed, as the pod will not end',
      pods: [{ name: 'a-0', ready: true, terminating: true }],
      failure: NOT_STOPPED,
      phase: 'Failed',
    },
  ])('a Backup ends when its node runs again: $because', ({ pods, failure, phase }) => {
    const target = managedTarget('a');
    const note = { ...NOTE, nodes: [{ node: 'a', workload: target.workload, wasRunning: true }] };
    const { status } = step({
      spec: { node: 'a' },
      status: { ...working, phase: 'Starting', targets: [target], released: ['a'], ...defined({ failure }) },
      observed: {
        targets: new Map([['a', targetSeen(target, { pods, replicas: 1, paused: false })]]),
        locks: new Map([[LOCK, { holder: HOLDER, note }]]),
      },
    });
    expect(status.phase).toBe(phase);
  });

  it('starts exactly as many replicas as there were', () => {
    const status: JobStatus = { ...working, phase: 'Starting', targets: [citaTarget('a', { replicas: 3 })] };
    const note = { ...NOTE, nodes: [{ ...NOTE.nodes[0]!, replicas: 3 }] };
    const { effects } = step({
      status,
      observed: { targets: new Map([['a', stopped]]), locks: new Map([[LOCK, { holder: HOLDER, note }]]) },
    });
    expect(effects).toEqual([{ do: 'scaleWorkload', node: 'a', workload: citaTarget('a').workload, replicas: 3 }]);
  });

  it('a managed node is released on record: a restarted controller does not stop it once more', () => {
    const target = managedTarget('a');
    const note = { ...NOTE, nodes: [{ node: 'a', workload: target.workload, wasRunning: true }] };
    const status: JobStatus = { ...working, phase: 'Starting', targets: [target] };
    const { status: later, effects } = step({
      spec: { node: 'a' },
      status,
      observed: {
        targets: new Map([['a', targetSeen(target, { pods: [], replicas: 0, paused: true })]]),
        locks: new Map([[LOCK, { holder: HOLDER, note }]]),
      },
    });
    expect(effects).toEqual([{ do: 'unpauseNode', node: 'a' }]);
    expect(later).toMatchObject({ phase: 'Starting', released: ['a'] });
    const job = { kind: 'Backup', metadata: { name: 'one', namespace: 'prod', uid: UID }, spec: { node: 'a' } };
    const isHeld = (stored: JobStatus): boolean => {
      const pauses = createPauses();
      pauses.learn({ apiVersion: API_VERSION, ...job, status: stored });
      return pauses.of('prod/a') !== undefined;
    };
    expect([isHeld(status), isHeld(later)]).toEqual([true, false]);
  });

  it('a node that was released, and must not run after all, is paused again', () => {
    const targets = [managedTarget('a'), managedTarget('b')];
    const status: JobStatus = { ...working, phase: 'Starting', targets, released: ['a', 'b'] };
    const identities = new Map(targets.map(({ node }) => [node, 'a-key']));
    expect(step({ spec: { node: 'a' }, status, observed: { identities, locks } }).status).toMatchObject({
      phase: 'Held',
      released: [],
    });
  });

  describe('when a user removed its lock by hand', () => {
    const OTHER = { uid: 'another', text: 'Restore prod/two' };
    const starting = (minutes: number): JobStatus => ({ ...working, phase: 'Starting', since: ago(minutes) });
    const withLock = (lock: object | undefined) => ({
      targets: new Map([['a', stopped]]),
      locks: lock === undefined ? new Map() : new Map([[LOCK, lock]]),
    });

    it('takes it again before it starts anything', () => {
      const { status, effects } = step({ status: starting(1), observed: withLock(undefined) });
      expect(effects).toEqual([
        { do: 'acquireLock', lock: LOCK, holder: HOLDER },
        { do: 'noteOnLock', lock: LOCK, note: NOTE },
      ]);
      expect(status.phase).toBe('Starting');
    });

    it.each([
      { minutes: 1, phase: 'Starting' },
      // The copy is proven all the same.
      { minutes: 31, phase: 'Complete' },
    ])('waits for who took it and starts nothing: after $minutes minutes it is $phase', ({ minutes, phase }) => {
      const { status, effects } = step({ status: starting(minutes), observed: withLock({ holder: OTHER }) });
      expect(status.phase).toBe(phase);
      expect(effects.filter((effect) => effect.do !== 'emitEvent')).toEqual([]);
      expect(status.message).toContain(`waits until Restore prod/two releases ${LOCK}`);
    });
  });

  it('two nodes that would sign with one key are not started, for any cause', () => {
    const status: JobStatus = { ...working, phase: 'Starting', targets: [citaTarget('a'), citaTarget('b')] };
    const identities = new Map([
      ['a', 'a-account'],
      ['b', 'a-account'],
    ]);
    expect(step({ status, observed: { identities, locks } }).status).toMatchObject({
      phase: 'Held',
      reason: 'SameIdentity',
    });
  });
});

describe('a node of another tool is back', () => {
  const place = { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain' };
  const specs = {
    BlockHeightFallback: { ...place, blockHeight: 90 },
    Restore: { ...place, backup: 'one' },
    ChangeOwner: place,
  };
  const { height: _height, ...unheard } = citaTarget('a');
  const refused = { answering: false, trouble: 'port 50004: nothing listens there (ECONNREFUSED)' };
  const at = (height: number, synced = false) => ({ answering: true, height, synced });

  interface Observed {
    readonly target?: JobTarget;
    readonly kind?: keyof typeof specs;
    readonly health?: ObservedHealth;
    readonly ready?: boolean;
    readonly minutes?: number;
    readonly first?: number;
  }

  function observe({
    target = citaTarget('a'),
    kind = 'BlockHeightFallback',
    minutes = 1,
    ...more
  }: Observed): JobStatus {
    const { health, ready = true, first } = more;
    const { health: _none, ...running } = targetSeen(target, { pods: [{ name: 'a-0', ready }] });
    const started = first === undefined ? {} : { started: [{ node: 'a', height: first, at: ago(1) }] };
    const status: JobStatus = {
      phase: 'Starting',
      since: ago(minutes),
      locks: [LOCK],
      paused: ['a'],
      targets: [target],
      notes: ['the height is 90 again'],
      heightBefore: 100,
      ...started,
    };
    const targets = new Map([['a', health === undefined ? running : { ...running, health }]]);
    const note = { ...NOTE, job: `${kind} prod/one` };
    const own = new Map([[LOCK, { holder: HOLDER, note }]]);
    return step({ kind, spec: specs[kind], status, observed: { targets, locks: own } }).status;
  }

  it.each([
    { because: 'its pods come first', observed: { ready: false, health: at(95), first: 90 }, says: 'a is ready' },
    { because: 'its first word is only remembered', observed: { health: at(90) }, says: 'the height of a grows' },
    { because: 'the same height is no growth', observed: { health: at(90), first: 90 }, says: 'the height of a grows' },
    { because: 'it answered before the tasks', observed: { health: refused, minutes: 29 }, says: 'a answers' },
    {
      because: 'its controller may still start',
      observed: { target: unheard, health: refused, minutes: 2 },
      says: 'a answers',
    },
    {
      because: 'it was heard since',
      observed: { target: unheard, health: refused, minutes: 9, first: 90 },
      says: 'a answers',
    },
  ])('not yet: $because', ({ observed: given, says }) => {
    expect(observe(given)).toMatchObject({ phase: 'Starting', message: `waits until ${says}` });
  });

  it('when its height grows; the record has it before, at, and after', () => {
    const done = { phase: 'Complete', message: 'the height is 90 again', heightBefore: 100, heightAfter: 91 };
    expect(observe({ health: at(91), first: 90 })).toMatchObject(done);
    expect(observe({ target: unheard, health: at(91), first: 90 })).toMatchObject(done);
  });

  it('when it has grown before it was asked for the first time', () => {
    const done = { phase: 'Complete', heightAfter: 91 };
    expect(observe({ health: at(91) })).toMatchObject(done);
    expect(observe({ health: at(91), first: 91 })).toMatchObject(done);
    // What a Restore brings back may end some blocks above the height that its backup names.
    expect(observe({ kind: 'Restore', health: at(91) })).toMatchObject({ phase: 'Starting' });
    expect(observe({ kind: 'Restore', health: at(91), first: 91 })).toMatchObject({ phase: 'Starting' });
    expect(observe({ kind: 'Restore', health: at(92), first: 91 })).toMatchObject({
      phase: 'Complete',
      heightAfter: 92,
    });
  });

  it('when no block comes on a network where that is usual, after the deadline', () => {
    expect(observe({ health: at(90, true), minutes: 29 })).toMatchObject({ phase: 'Starting' });
    expect(observe({ health: at(90, true), minutes: 31 })).toMatchObject({
      phase: 'Complete',
      message: 'the height is 90 again; a is synced, but 30 minutes after the start no block has come',
    });
  });

  it('never, when it answers and stands still: as a managed node', () => {
    expect(observe({ health: at(90), first: 90, minutes: 31 })).toMatchObject({
      phase: 'Failed',
      reason: 'NodeNotHealthy',
      message: 'the work is done, but 30 minutes after the start it still waits until the height of a grows',
    });
  });

  it.each([
    { because: 'nothing listens', health: refused, why: refused.trouble },
    { because: 'it has no address', health: undefined, why: 'it was not asked' },
  ])('when its pods are ready and cannot be asked: $because', ({ health, why }) => {
    const observed = { target: unheard, minutes: 4, ...(health === undefined ? {} : { health }) };
    const unproven = `the pods of a are ready, but its height after the start is not proven: ${why}`;
    const status = observe(observed);
    expect(status).toMatchObject({ phase: 'Complete', message: `the height is 90 again; ${unproven}` });
    expect(status).not.toHaveProperty('heightAfter');
    expect(observe({ ...observed, kind: 'ChangeOwner' })).toMatchObject({ phase: 'Complete' });
  });

  it('where an answer is enough, at its first', () => {
    expect(observe({ kind: 'ChangeOwner', health: at(90) })).toMatchObject({ phase: 'Complete' });
    expect(observe({ kind: 'ChangeOwner', health: refused })).toMatchObject({ phase: 'Starting' });
  });
});

describe('after the end', () => {
  const done: JobStatus = { ...working, phase: 'Complete', endTime: ago(10), manifestSha256: 'a'.repeat(64) };
  const tasks = new Map([[work.name, { ...busy, finished: 'Complete', active: 0 } as const]]);

  it('removes the finished Job by UID, and keeps the backup', () => {
    const { effects } = step({ status: done, observed: { tasks, pvc, record: { uid: UID, phase: 'Complete' } } });
    expect(effects).toEqual([
      { do: 'deleteJob', name: work.name, uid: 'job-1', because: 'ttlSecondsAfterFinished is over' },
    ]);
  });

  it('removes nothing before the result is on the branch', () => {
    expect(step({ status: done, observed: { tasks, pvc, record: { uid: UID, phase: 'Working' } } }).effects).toEqual(
      [],
    );
  });

  it('removes what a failed backup left, if it made it itself', () => {
    const { manifestSha256: _manifest, ...rest } = done;
    const status: JobStatus = { ...rest, phase: 'Failed' };
    const record = { uid: UID, phase: 'Failed' } as const;
    expect(step({ status, observed: { pvc, record } }).effects).toEqual([
      { do: 'deletePvc', name: pvc.name, uid: 'claim-1' },
    ]);
    expect(step({ status, observed: { pvc: { ...pvc, jobUid: 'x' }, record } }).effects).toEqual([]);
  });

  it('releases its object only when the result is recorded', () => {
    expect(
      step({ status: done, observed: { deleting: true, record: { uid: UID, phase: 'Starting' } } }).effects,
    ).toEqual([]);
    expect(
      step({ status: done, observed: { deleting: true, record: { uid: UID, phase: 'Complete' } } }).effects,
    ).toEqual([{ do: 'removeFinalizer' }]);
  });

  it('a paused node keeps its note when the lock is given back, and a person can release it', () => {
    const status: JobStatus = {
      ...working,
      phase: 'Held',
      failure: { reason: 'ContentDiffers', message: 'half', unsafe: true },
    };
    expect(step({ status, observed: { locks } }).effects).toEqual([{ do: 'releaseLock', lock: LOCK, keepNote: true }]);
    expect(step({ status, observed: { locks, release: true } }).status).toMatchObject({
      phase: 'Starting',
      failure: { unsafe: false },
    });
  });

  it("a refused job does not wipe the note of the job that keeps the node paused, and a repair's success does", () => {
    const other = { ...NOTE, uid: 'other' };
    const status: JobStatus = { phase: 'Refused', locks: [LOCK] };
    const own = new Map([[LOCK, { holder: HOLDER, note: other }]]);
    expect(step({ status, observed: { locks: own } }).effects).toEqual([
      { do: 'releaseLock', lock: LOCK, keepNote: true },
    ]);
    const repaired: JobStatus = { ...done, targets: [citaTarget('a', { detached: true })] };
    const { effects } = step({
      kind: 'Restore',
      spec: { node: 'a', backup: 'n', deployMethod: 'cloud-config', chain: 'c' },
      status: repaired,
      observed: { locks },
    });
    expect(effects).toEqual([{ do: 'releaseLock', lock: LOCK, keepNote: false }]);
  });

  it('a paused node is not released under a job that repairs it', () => {
    const status: JobStatus = { ...working, phase: 'Held', message: 'half' };
    const note = { ...NOTE, uid: 'x', unsafe: 'half' };
    const taken = new Map([[LOCK, { holder: { uid: 'x', text: 'Restore prod/two' }, note }]]);
    const { status: later, effects } = step({ status, observed: { locks: taken, release: true } });
    expect(later).toBe(status);
    expect(effects).toEqual([]);
  });

  it.each([
    { because: 'its own word changes nothing', note: NOTE, paused: ['a'] },
    { because: 'a later job that is not done yet', note: { ...NOTE, uid: 'x', unsafe: 'half' }, paused: ['a'] },
    { because: 'a later job that has repaired the node', note: { ...NOTE, uid: 'x' }, paused: [] },
    { because: 'a later job that has ended well', note: undefined, paused: [] },
  ])('releases a paused node: $because', ({ note, paused }) => {
    const status: JobStatus = { ...working, phase: 'Held', message: 'half' };
    const lock = note === undefined ? {} : { note };
    const { status: later } = step({ status, observed: { locks: new Map([[LOCK, lock]]) } });
    expect(later).toMatchObject({ phase: 'Held', paused });
    expect(later.message).toBe(paused.length > 0 ? 'half' : 'half (a later job has repaired a)');
  });

  it('a job that takes over a paused node knows how it was before', () => {
    const other = { ...NOTE, uid: 'other', unsafe: 'half' };
    const idle = targetSeen(citaTarget('a', { replicas: 0, wasRunning: false }), { pods: [], replicas: 0 });
    const { status } = step({
      status: { phase: 'Locked', locks: [LOCK] },
      observed: { targets: new Map([['a', idle]]), locks: new Map([[LOCK, { holder: HOLDER, note: other }]]) },
    });
    expect(status.targets).toMatchObject([{ replicas: 1, wasRunning: true, detached: true }]);
  });
});
