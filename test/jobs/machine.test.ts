// Each decision up to the end of the work, one row each; rows that name a defect of the older operator show that it is not here.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import type { Move } from '../../src/jobs/model/scope.ts';
import type { JobObservation, ObservedNode, ObservedTask } from '../../src/jobs/model/observation.ts';
import { citaTarget, managedTarget, settings, source, targetSeen, UID } from './support/fixtures.ts';
import {
  ago,
  busy,
  pvc,
  found,
  held,
  HOLDER,
  LOCK,
  locks,
  NOTE,
  NOW,
  step,
  stopped,
  work,
  working,
} from './support/step.ts';

describe('before work', () => {
  it.each([
    {
      because: 'nothing happens without a claim',
      given: { observed: { record: undefined } },
      phase: undefined,
      message: 'waits until its claim',
    },
    {
      because: 'a result on the branch means: never again',
      given: { observed: { record: { uid: UID, phase: 'Complete' } } },
      phase: 'Refused',
      message: 'runs once',
    },
    {
      because: 'what the policy refuses of the object as it is never begins, with any file',
      given: { status: { phase: 'Claimed' }, observed: { denied: 'spec.image is "evil"' } },
      phase: 'Refused',
      message: 'spec.image is "evil"',
    },
    {
      because: 'nor once it has the locks',
      given: { status: { phase: 'Locked', ...held }, observed: { denied: 'spec.image is "evil"' } },
      phase: 'Refused',
      message: 'spec.image is "evil"',
    },
    {
      because: 'a claim that does not name this object waits',
      given: { status: { phase: 'Claimed' }, observed: { record: {} } },
      phase: 'Claimed',
      message: 'names this object',
    },
    {
      because: 'an object of the same name, made later, never continues the earlier one',
      given: { status: { phase: 'Claimed' }, observed: { record: { uid: 'other' } } },
      phase: 'Interrupted',
      message: 'earlier object',
    },
    {
      because: 'nor does one whose record has ended without it',
      given: { status: { phase: 'Claimed' }, observed: { record: { phase: 'Interrupted' } } },
      phase: 'Interrupted',
      message: 'this request ended Interrupted',
    },
    {
      because: 'two jobs on one node take turns, and say for whom',
      given: {
        status: { phase: 'Claimed' },
        observed: { locks: new Map([[LOCK, { holder: { uid: 'x', text: 'Restore prod/two' } }]]) },
      },
      phase: 'Claimed',
      message: 'waits for Restore prod/two',
    },
    {
      because: 'a file removed before work cancels',
      given: { status: { phase: 'Locked', ...held }, observed: { withdrawn: 'its file was removed' } },
      phase: 'Cancelled',
      message: 'removed before work',
    },
    {
      because: 'nothing begins while the Fleet is suspended: before the locks are taken',
      given: { status: { phase: 'Claimed' }, observed: { mustWait: 'waits while the Fleet is suspended' } },
      phase: 'Claimed',
      message: 'waits while the Fleet is suspended',
    },
    {
      because: 'nor when they are',
      given: { status: { phase: 'Locked', ...held }, observed: { mustWait: 'waits while a is suspended' } },
      phase: 'Locked',
      message: 'waits while a is suspended',
    },
    {
      because: 'a missing node is waited for',
      given: { status: { phase: 'Locked', since: ago(1) } },
      phase: 'Locked',
      message: 'not checked',
    },
    {
      because: 'and refused after ten minutes',
      given: { status: { phase: 'Locked', since: ago(11) } },
      phase: 'Refused',
      message: 'not checked',
    },
  ] as const)('$because', ({ given, phase, message }) => {
    const { status } = step(given);
    expect(status.phase).toBe(phase);
    expect(status.message).toContain(message);
  });

  it('records the original replicas before anything is stopped ("start" sets what was)', () => {
    const target = citaTarget('a', { replicas: 0, wasRunning: false });
    const { status, effects } = step({
      status: { phase: 'Locked' },
      observed: { targets: new Map([['a', targetSeen(target, { pods: [], replicas: 0 })]]) },
    });
    expect(status).toMatchObject({ phase: 'Stopping', targets: [{ replicas: 0, wasRunning: false }] });
    expect(effects.map((effect) => effect.do)).toEqual(['emitEvent']);
  });

  it.each([
    {
      because: 'a rollback to the current height is refused before the node is stopped',
      kind: 'BlockHeightFallback',
      spec: { node: 'a', blockHeight: 100, chain: 'test-chain', deployMethod: 'cloud-config' },
      reason: 'HeightNotBelow',
    },
    {
      because: 'Direct never touches a running database',
      kind: 'Restore',
      spec: { node: 'a', backup: 'n', action: 'Direct', chain: 'test-chain', deployMethod: 'cloud-config' },
      reason: 'NodeRunning',
    },
    {
      because: 'a restore without a source is refused while the data is whole',
      kind: 'Restore',
      spec: { node: 'a', backup: 'n', chain: 'test-chain', deployMethod: 'cloud-config' },
      reason: 'SourceMissing',
    },
    {
      because: 'a cloud-op of unknown version is never guessed',
      kind: 'BlockHeightFallback',
      spec: {
        node: 'a',
        blockHeight: 9,
        image: 'x/cita-node-job:latest',
        chain: 'test-chain',
        deployMethod: 'cloud-config',
      },
      reason: 'UnknownToolVersion',
    },
  ])('$because', ({ kind, spec, reason }) => {
    const { status, effects } = step({
      kind,
      spec,
      status: { phase: 'Locked' },
      observed: { targets: new Map([['a', found]]) },
    });
    expect(status).toMatchObject({ phase: 'Refused', reason });
    expect(effects.filter((effect) => effect.do !== 'emitEvent')).toEqual([]);
  });

  it.each([
    { because: 'a failed backup is no source', more: { phase: 'Failed' }, reason: 'SourceNotComplete' },
    { because: 'another chain is refused', more: { chain: 'other' }, reason: 'WrongChain' },
    { because: 'another network is refused', more: { network: 'main' }, reason: 'WrongChain' },
    {
      because: 'a backup without a manifest proves nothing',
      more: { manifestSha256: undefined },
      reason: 'NoManifest',
    },
    { because: 'a PVC that is gone cannot be read', more: { pvcPresent: false }, reason: 'SourceMissing' },
  ] as const)('Restore: $because', ({ more, reason }) => {
    const base = source();
    const changed = Object.fromEntries(Object.entries({ ...base, ...more }).filter(([, value]) => value !== undefined));
    const targets = new Map([['a', targetSeen(managedTarget('a'))]]);
    const { status } = step({
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      status: { phase: 'Locked' },
      observed: { targets, source: changed as never },
    });
    expect(status).toMatchObject({ phase: 'Refused', reason });
  });

  it('a restore waits for a backup that is under way, and takes no lock that the backup may need', () => {
    const targets = new Map([['a', targetSeen(managedTarget('a'))]]);
    const given = {
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      observed: { targets, source: source({ phase: 'Claimed' }) },
    };
    const { status, effects } = step({ ...given, status: { phase: 'Claimed', since: ago(1) } });
    expect(status).toMatchObject({ phase: 'Claimed', message: 'waits for Backup prod/nightly' });
    expect(effects).toEqual([]);
    const late = step({ ...given, status: { phase: 'Claimed', since: ago(60 * 24 * 30) } });
    expect(late.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });

  const run = { image: 'g', command: ['gaiad'], args: ['rollback'], mounts: [] } as const;
  const height = { ask: { id: 'h', role: 'el', port: 1, method: 'GET', path: '/' }, at: [], format: 'hex' } as const;
  const oneStep = { how: 'command', run, repeatable: false, oneStep: true, heightPattern: '([0-9]+)' } as const;
  const near = { how: 'served', client: run, asks: [], height, reach: 20 } as const;

  it.each([
    { because: 'one below, by a client that goes back one', rollback: oneStep, blockHeight: 99, phase: 'Stopping' },
    { because: 'further, by a client that goes back one', rollback: oneStep, blockHeight: 98, phase: 'Refused' },
    { because: 'within the reach of the client', rollback: near, blockHeight: 80, phase: 'Stopping' },
    { because: 'where the client would lose its state', rollback: near, blockHeight: 79, phase: 'Refused' },
  ])('goes back: $because', ({ rollback, blockHeight, phase }) => {
    const answers = { identityFiles: [], signerState: [], rollback };
    const targets = new Map([['a', targetSeen(managedTarget('a'), { answers })]]);
    const given = { kind: 'BlockHeightFallback', spec: { node: 'a', blockHeight }, observed: { targets } };
    const { status } = step({ ...given, status: { phase: 'Locked' } });
    expect(status.phase).toBe(phase);
    expect(status.reason).toBe(phase === 'Refused' ? 'TooFarBack' : 'Stopping');
  });

  it.each([
    { because: 'at the height it has', blockHeight: 100, phase: 'Refused' },
    { because: 'above it', blockHeight: 2_000_000, phase: 'Refused' },
    { because: 'below it', blockHeight: 99, phase: 'Stopping' },
    { because: 'of a node that can not be asked: cloud-op knows', blockHeight: 100, unheard: true, phase: 'Stopping' },
  ])('a node of another tool goes back: $because', ({ blockHeight, unheard, phase }) => {
    const { height: _height, ...target } = citaTarget('a');
    const heard = targetSeen({ ...target, height: 100 });
    const observed = unheard === true ? targetSeen(target, { health: { answering: false } }) : heard;
    const spec = { node: 'a', blockHeight, deployMethod: 'cloud-config', chain: 'test-chain' };
    const given = { kind: 'BlockHeightFallback', spec, observed: { targets: new Map([['a', observed]]) } };
    const { status } = step({ ...given, status: { phase: 'Locked' } });
    expect(status).toMatchObject(
      phase === 'Refused'
        ? { phase, reason: 'HeightNotBelow', message: `a is at height 100; ${blockHeight} is not below that` }
        : { phase },
    );
    expect(status.heightBefore).toBe(phase === 'Refused' || unheard === true ? undefined : 100);
  });

  it('a height that a restarted controller has not asked for yet is waited for, never a reason to refuse', () => {
    const { height: _height, ...target } = managedTarget('a');
    const { health: _health, ...running } = targetSeen(target, {
      answers: { identityFiles: [], signerState: [], rollback: near },
    });
    const see = (observed: ObservedNode, minutes = 1) => {
      const targets = new Map([['a', observed]]);
      const spec = { node: 'a', blockHeight: 80 };
      const status: JobStatus = { phase: 'Locked', since: ago(minutes) };
      return step({ kind: 'BlockHeightFallback', spec, observed: { targets }, status }).status;
    };
    const waits = { phase: 'Locked', message: 'waits until a reports its height' };
    const starting = { ...running, health: { answering: false } };
    const stoppedForGood = { found: { ok: true, target: { ...target, wasRunning: false } }, pods: [] } as const;
    expect(see(running)).toMatchObject(waits);
    expect(see(starting, 29)).toMatchObject(waits);
    expect(see({ ...starting, pods: [], replicas: 0 }, 29)).toMatchObject(waits);
    expect(see(starting, 30)).toMatchObject({ phase: 'Refused', reason: 'HeightUnknown' });
    expect(see({ ...starting, health: { answering: true, height: 100 } }, 29)).toMatchObject({ phase: 'Stopping' });
    expect(see({ ...starting, ...stoppedForGood })).toMatchObject({ phase: 'Refused', reason: 'HeightUnknown' });
  });
});

describe('stopping', () => {
  const status: JobStatus = { phase: 'Stopping', since: ago(1), ...held };

  it('writes down the originals on the lock before it stops anything (a lost request leaves word)', () => {
    const { effects } = step({
      status,
      observed: { targets: new Map([['a', found]]), locks: new Map([[LOCK, { holder: HOLDER }]]) },
    });
    expect(effects).toEqual([{ do: 'noteOnLock', lock: LOCK, note: NOTE }]);
  });

  it('then scales the workload to an absolute zero', () => {
    const { effects } = step({ status, observed: { targets: new Map([['a', found]]), locks } });
    expect(effects).toEqual([{ do: 'scaleWorkload', node: 'a', workload: citaTarget('a').workload, replicas: 0 }]);
  });

  it.each([
    {
      because: 'a pod that is unready but still there is not gone',
      pods: [{ name: 'a-0', ready: false }],
      replicas: 0,
      phase: 'Stopping',
    },
    { because: 'no pod, but the workload still asks for one', pods: [], replicas: 1, phase: 'Stopping' },
    { because: 'gone', pods: [], replicas: 0, phase: 'Working' },
  ])('$because', ({ pods, replicas, phase }) => {
    const targets = new Map([['a', targetSeen(citaTarget('a'), { pods, replicas })]]);
    expect(step({ status, observed: { targets, locks } }).status.phase).toBe(phase);
  });

  it('a node that will not stop is started again, with the reason', () => {
    const { status: after } = step({
      status: { ...status, since: ago(21) },
      observed: { targets: new Map([['a', found]]), locks },
    });
    expect(after).toMatchObject({ phase: 'Starting', failure: { reason: 'NodeWillNotStop', unsafe: false } });
    expect(after.message).toContain('pod a-0 still exists');
  });
});

describe('working', () => {
  const targets = new Map([['a', stopped]]);

  function see(more: Partial<JobObservation>, status = working): Move {
    return step({ status, observed: { targets, locks, pvc, ...more } });
  }

  it('creates the PVC with the class and size of the node, without an owner', () => {
    const { works: _works, claimUid: _claimUid, claimName: _name, ...fresh } = working;
    const { effects, status } = see({ pvc: undefined }, fresh);
    expect(status.claimName).toBe('backup-one-1f0c22aa');
    expect(effects).toHaveLength(1);
    expect(effects[0]).toMatchObject({
      do: 'createPvc',
      object: { spec: { storageClassName: 'nas', resources: { requests: { storage: '20Gi' } } } },
    });
    expect(JSON.stringify(effects[0])).not.toContain('ownerReferences');
  });

  it('after a crash between PVC and Job it continues with its own PVC', () => {
    const { works: _works, claimUid: _claimUid, ...crashed } = working;
    expect(see({}, crashed).status).toMatchObject({ phase: 'Working', claimUid: 'claim-1' });
  });

  it.each([
    {
      because: "a PVC of that name that isn't its own is never used",
      facts: { pvc: { ...pvc, jobUid: 'other' } },
      reason: 'ClaimTaken',
    },
    { because: 'a PVC that vanished is not created again', facts: { pvc: undefined }, reason: 'ClaimGone' },
    {
      because: 'a PVC that was replaced is another',
      facts: { pvc: { ...pvc, uid: 'claim-2' } },
      reason: 'ClaimGone',
    },
  ])('$because', ({ facts, reason }) => {
    expect(see(facts).status).toMatchObject({ phase: 'Starting', failure: { reason, unsafe: false } });
  });

  it('a Job runs only when its UID is on record', () => {
    const { uid: _uid, ...unknown } = work;
    const suspended: ObservedTask = { ...busy, made: true, suspended: true, active: 0 };
    const { status, effects } = see({ tasks: new Map([[work.name, suspended]]) }, { ...working, works: [unknown] });
    expect(status.works).toEqual([work]);
    expect(effects).toEqual([{ do: 'resumeJob', name: work.name, uid: 'job-1' }]);
  });

  it('a Job of that name that this request did not make is not its own', () => {
    const { uid: _uid, ...unknown } = work;
    const { status } = see(
      { tasks: new Map([[work.name, { ...busy, jobUid: 'other' }]]) },
      { ...working, works: [unknown] },
    );
    expect(status).toMatchObject({ phase: 'Verifying', works: [{ outcome: 'Failed', code: 'NameTaken' }] });
  });

  const late = { ...working, works: [{ ...work, intentAt: ago(11) }] };
  it.each([
    {
      because: 'a PVC that stays pending ends the job',
      facts: { pvc: { ...pvc, phase: 'Pending', message: 'no provisioner' } },
      observed: busy,
      code: 'ClaimPending',
      says: 'no provisioner',
    },
    {
      because: 'a volume attached elsewhere ends the job',
      facts: {},
      observed: busy,
      code: 'PodNotStarted',
      says: 'podAffinityFlag',
    },
    {
      because: 'a pod that fits nowhere',
      facts: {},
      observed: { ...busy, unschedulable: '0/3 nodes are available' },
      code: 'Unschedulable',
      says: '0/3 nodes',
    },
    {
      because: 'an image that cannot be pulled',
      facts: {},
      observed: { ...busy, waiting: { reason: 'ImagePullBackOff', message: 'not found' } },
      code: 'ImageNotPullable',
      says: 'not found',
    },
  ])('$because', ({ facts, observed: workSeen, code, says }) => {
    const seen = { ...facts, tasks: new Map([[work.name, workSeen]]), workerPods: 1 };
    const { status } = see(seen, late);
    expect(status.works?.[0]).toMatchObject({ outcome: 'Failed', code, unsafe: false });
    expect(status.works?.[0]?.message).toContain(says);
    expect(status).toMatchObject({ phase: 'Verifying', message: 'the work has failed' });

    // Until it is gone: a pod that waits keeps the node stopped.
    expect(see(seen, status).effects).toMatchObject([{ do: 'deleteJob', name: work.name, uid: 'job-1' }]);
    expect(see({ ...facts, workerPods: 0 }, status).status).toMatchObject({ failure: { reason: code } });
  });

  it('an image that has just failed once is given time', () => {
    const pulling = { ...busy, waiting: { reason: 'ErrImagePull', message: 'timeout' } };
    expect(see({ tasks: new Map([[work.name, pulling]]), workerPods: 1 }).status.phase).toBe('Working');
  });

  it('waits until every pod of a deleted Job is gone before it tries again', () => {
    expect(see({ workerPods: 1 }).status.works).toEqual([work]);
    const { status, effects } = see({ workerPods: 0 });
    expect(status.works).toEqual([{ name: `${work.name}-r2`, node: 'a', attempt: 2, intentAt: timestamp(NOW) }]);
    expect(effects).toMatchObject([{ do: 'createJob' }]);
  });

  it('reports what ran, with the last lines of its output', () => {
    const output = `${'x'.repeat(9000)}\nlast line`;
    const { status } = see({ tasks: new Map([[work.name, { ...busy, running: true, output }]]), workerPods: 1 });
    expect(status).toMatchObject({ command: 'nodewright job backup', image: settings.workerImage });
    expect(status.outputTail).toHaveLength(4096);
    expect(status.outputTail?.endsWith('last line')).toBe(true);
  });

  it('gives up after three attempts', () => {
    const third = { ...working, works: [{ ...work, attempt: 3 }] };
    expect(see({}, third).status).toMatchObject({ phase: 'Verifying', works: [{ outcome: 'Unclear' }] });
  });
});
