// From the first look at a job to the stop of its nodes: what ends it, what it waits for, which locks it has, what it records.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { LockNote } from '../../src/jobs/model/effect.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { citaTarget, managedTarget, source, targetSeen, UID } from './support/fixtures.ts';
import { ago, found, HOLDER, LOCK, NOTE, NOW, step } from './support/step.ts';

const DELETED = 'its object was deleted before work began';
const LOCK_B = 'nodewright-node-b';
const OTHER = { uid: 'x', text: 'Restore prod/two' };
const EXCHANGE = { kind: 'Switchover', spec: { sourceNode: 'b', destNode: 'a' } };
const BACKUP = { spec: { node: 'a' } };
const running = targetSeen(managedTarget('a'));
const at = (node: typeof running) => ({ targets: new Map([['a', node]]) });

describe('an object that is deleted, or whose request was withdrawn', () => {
  it.each(['Pending', 'Claimed', 'Locked'] as const)('cancels in %s before all else', (phase) => {
    const since = ago(1);
    const more = { record: undefined, denied: 'no', gone: ['a'] };
    expect(step({ status: { phase, since }, observed: { ...more, deleting: true } }).status).toMatchObject({ phase: 'Cancelled', message: DELETED });
    expect(step({ status: { phase, since }, observed: { ...more, withdrawn: 'another one came' } }).status).toMatchObject({ phase: 'Cancelled', message: 'another one came before work began' });
  }); // prettier-ignore
});

describe('a claim', () => {
  it.each([
    { because: 'that is on the branch', record: {}, phase: 'Claimed', says: 'the claim is on the status branch' },
    { because: 'of work under way', record: { phase: 'Working' }, phase: 'Claimed', says: 'the claim is on the status branch' },
    { because: 'that ended', record: { phase: 'Cancelled' }, phase: 'Refused', says: 'ended Cancelled; it did not run, and a name is used once' },
    { because: 'that ran', record: { phase: 'Complete' }, phase: 'Refused', says: 'ended Complete; a request runs once' },
  ] as const)('$because leads to $phase', ({ record, phase, says }) => {
    const { status } = step({ ...EXCHANGE, observed: { record } });
    expect(status).toMatchObject({ phase, ...(phase === 'Claimed' ? { node: 'b and a' } : { reason: 'AlreadyRan' }) });
    expect(status.message).toContain(says);
  }); // prettier-ignore

  it.each([
    { because: 'of another object, which ended', record: { uid: 'x', phase: 'Complete' }, says: 'an earlier object of this name, which is lost' },
    { because: 'without an object, which ended', record: { phase: 'Refused' }, says: 'ended Refused, and why' },
    { because: 'without an object, under way', record: { phase: 'Working' }, says: undefined },
    { because: 'that is gone', record: undefined, says: undefined },
  ] as const)('$because: $says', ({ record, says }) => {
    const { status } = step({ status: { phase: 'Claimed' }, observed: { record } });
    expect(status.phase).toBe(says === undefined ? 'Claimed' : 'Interrupted');
    expect(status.message).toContain(says ?? 'waits until the status branch names this object');
  }); // prettier-ignore

  it('waits for another request exactly as long as it may take', () => {
    const spec = { node: 'a', backup: 'nightly', deadlineSeconds: 120 };
    const observed = { ...at(running), source: source({ phase: 'Working' }) };
    const phaseAfter = (minutes: number) =>
      step({ kind: 'Restore', spec, status: { phase: 'Claimed', since: ago(minutes) }, observed }).status;
    expect(phaseAfter(1.9).phase).toBe('Claimed');
    expect(phaseAfter(2)).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message: expect.stringMatching(/^waits for Backup prod\/nightly, and did so/) });
  }); // prettier-ignore
});

describe('the locks', () => {
  const claimed = (locks: Record<string, { readonly uid: string; readonly text: string }>) => {
    const held = new Map(Object.entries(locks).map(([lock, holder]) => [lock, { holder }]));
    const { status, effects } = step({ ...EXCHANGE, status: { phase: 'Claimed', since: ago(1) }, observed: { locks: held } });
    return { status, acquires: effects.flatMap((effect) => (effect.do === 'acquireLock' ? effect.lock : [])) };
  }; // prettier-ignore

  it.each([
    { because: 'are acquired in the order of their names', locks: {}, acquires: [LOCK, LOCK_B], phase: 'Claimed', says: `acquires ${LOCK} and ${LOCK_B}` },
    { because: 'are acquired where one is held already', locks: { [LOCK]: HOLDER }, acquires: [LOCK_B], phase: 'Claimed', says: `acquires ${LOCK} and ${LOCK_B}` },
    { because: 'are waited for, while one before is acquired', locks: { [LOCK_B]: OTHER }, acquires: [LOCK], phase: 'Claimed', says: `waits for Restore prod/two, which has ${LOCK_B}` },
    { because: 'are not acquired after one that is waited for', locks: { [LOCK]: OTHER }, acquires: [], phase: 'Claimed', says: `waits for Restore prod/two, which has ${LOCK}` },
    { because: 'are all held', locks: { [LOCK]: HOLDER, [LOCK_B]: HOLDER }, acquires: [], phase: 'Locked', says: `has ${LOCK} and ${LOCK_B}` },
  ])('$because', ({ locks, acquires, phase, says }) => {
    const move = claimed(locks);
    expect(move.acquires).toEqual(acquires);
    expect(move.status).toMatchObject({ phase, message: says, locks: [LOCK, LOCK_B] });
  }); // prettier-ignore
});

describe('a node that an earlier job left paused', () => {
  const noteOf = (more: Partial<LockNote> = {}): LockNote => ({
    ...NOTE,
    uid: 'earlier',
    job: 'Switchover prod/keys',
    ...more,
  });
  const locked = (note: LockNote, target = citaTarget('a', { wasRunning: false, replicas: 0 })): JobStatus => {
    const locks = new Map([[LOCK, { holder: HOLDER, note }]]);
    const observed = { locks, targets: new Map([['a', targetSeen(target, { pods: [], replicas: 0 })]]) };
    return step({ status: { phase: 'Locked', since: ago(1), locks: [LOCK] }, observed }).status;
  }; // prettier-ignore

  it.each([
    { because: 'between two keys', note: noteOf({ keys: true, unsafe: 'its keys lie apart' }), says: 'Switchover prod/keys left a paused: its keys lie apart. Release that job first' },
    { because: 'between two keys, without a reason', note: noteOf({ keys: true }), says: 'Switchover prod/keys left a paused: its keys are being exchanged. Release that job first' },
  ])('$because is refused', ({ note, says }) => {
    expect(locked(note)).toMatchObject({ phase: 'Refused', reason: 'KeysApart', message: says });
    expect(locked({ ...note, uid: UID })).toMatchObject({ phase: 'Stopping' });
  }); // prettier-ignore

  it.each([
    { because: 'as that job found it', note: noteOf(), want: { wasRunning: true, replicas: 1, detached: true } },
    { because: 'by its workload', note: noteOf({ nodes: NOTE.nodes.map((one) => ({ ...one, node: 'chain' })) }), want: { wasRunning: true, replicas: 1, detached: true } },
    { because: 'by its name', note: noteOf({ nodes: NOTE.nodes.map((one) => ({ ...one, workload: { ...one.workload, name: 'x' } })) }), want: { wasRunning: true, replicas: 1, detached: true } },
    { because: 'with its own replicas, where that job noted none', note: noteOf({ nodes: NOTE.nodes.map(({ replicas: _replicas, ...one }) => one) }), want: { wasRunning: true, replicas: 0, detached: true } },
  ])('is remembered $because', ({ note, want }) => {
    expect(locked(note)).toMatchObject({ phase: 'Stopping', targets: [want], risk: expect.stringContaining('left it paused') });
  }); // prettier-ignore

  it.each([
    { because: 'of this job', note: { ...NOTE } },
    { because: 'of another node', note: noteOf({ nodes: [{ ...NOTE.nodes[0]!, node: 'b', workload: citaTarget('b').workload }] }) },
  ])('is as it is found under a note $because', ({ note }) => {
    const [target] = locked(note).targets ?? [];
    expect(target).toMatchObject({ wasRunning: false, replicas: 0 });
    expect(target).not.toHaveProperty('detached');
    expect(locked(note)).not.toHaveProperty('risk');
  }); // prettier-ignore
});

describe('a job that may stop nothing yet', () => {
  it('waits for the height of a Snapshot however long that takes, up to its deadline', () => {
    const at = (minutes: number) => step({ kind: 'Snapshot', spec: { node: 'a', blockHeight: 200 }, status: { phase: 'Locked', since: ago(minutes), locks: [LOCK] }, observed: { targets: new Map([['a', running]]) } }).status;
    for (const minutes of [1, 60, 300]) expect(at(minutes)).toMatchObject({ phase: 'Locked', message: 'waits until a has reached height 200' });
    expect(at(360)).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  }); // prettier-ignore

  it.each([
    { because: 'one that runs and one that does not', wasRunning: [true, false], says: 'stops a and keeps b stopped' },
    { because: 'two that do not run', wasRunning: [false, false], says: 'keeps a and b stopped' },
    { because: 'two that run', wasRunning: [true, true], says: 'stops a and b' },
  ])('says of $because: $says', ({ wasRunning, says }) => {
    const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
    const targets = new Map(['a', 'b'].map((node, index) => [node, targetSeen(citaTarget(node, { wasRunning: wasRunning[index] === true }))]));
    const spec = { ...cloud, nodes: ['a', 'b'], blockHeight: 90 };
    const { status } = step({ kind: 'BlockHeightFallback', spec, status: { phase: 'Locked', since: ago(1), locks: [LOCK, LOCK_B] }, observed: { targets } });
    expect(status).toMatchObject({ phase: 'Stopping', message: says });
    expect(status).not.toHaveProperty('risk');
  }); // prettier-ignore
});

describe('the begin', () => {
  const locked: JobStatus = { phase: 'Locked', since: ago(1), locks: [LOCK] };
  const begin = (given: object, node = running) => step({ status: locked, observed: at(node), ...given }).status;

  it('records the targets, the height before, and the nodes that it keeps stopped', () => {
    const status = begin(BACKUP);
    expect(status).toMatchObject({ phase: 'Stopping', message: 'stops a', paused: ['a'], heightBefore: 100, targets: [{ node: 'a' }] });
    for (const field of ['live', 'notes']) expect(status).not.toHaveProperty(field);
  }); // prettier-ignore

  it.each([
    { because: 'a copy of a running node is not proven', given: { spec: { node: 'a', action: 'Direct' } }, node: running, want: { phase: 'Working', live: true, paused: [], message: 'works without stopping the node' } },
    { because: 'one of a node that is stopped is', given: { spec: { node: 'a', action: 'Direct' } }, node: targetSeen(managedTarget('a'), { pods: [], replicas: 0 }), want: { phase: 'Stopping', paused: ['a'] } },
    { because: 'files of a running node are given to another owner', given: { kind: 'ChangeOwner', spec: { node: 'a', action: 'Direct' } }, node: running, want: { phase: 'Working', paused: [] } },
    { because: 'and of one that is stopped, which may start', given: { kind: 'ChangeOwner', spec: { node: 'a', action: 'Direct' } }, node: targetSeen(managedTarget('a'), { pods: [], replicas: 0 }), want: { phase: 'Working', paused: [] } },
    { because: 'data is not replaced under a running node', given: { kind: 'Restore', spec: { node: 'a', backup: 'n', action: 'Direct' } }, node: running, want: { phase: 'Refused', reason: 'NodeRunning', message: 'a is running: data is never replaced under a running node: use StopAndStart, or stop the node first' } },
  ])('$because', ({ given, node, want }) => {
    const status = begin(given, node);
    expect(status).toMatchObject(want);
    expect(status.live).toBe('live' in want ? true : undefined);
  }); // prettier-ignore

  it('has no height before where the node has none, and says that one is stopped already', () => {
    const { height: _height, ...target } = managedTarget('a', { wasRunning: false });
    const node = targetSeen(target, { pods: [], replicas: 0 });
    expect(begin(BACKUP, node)).not.toHaveProperty('heightBefore');
    const direct = { kind: 'ChangeOwner', spec: { node: 'a', action: 'Direct' } };
    expect(begin(direct, node).message).toBe('works on a, which is stopped');
  });

  it('waits for a node that cannot be read for ten minutes, and ends with its reason', () => {
    const missing = { found: { ok: false, reason: 'NoVolumes', message: 'a has no volumes' }, pods: [] } as const;
    const after = (minutes: number) => step({ status: { ...locked, since: ago(minutes) }, observed: { targets: new Map([['a', missing as never]]) } }).status;
    expect(after(9.9)).toMatchObject({ phase: 'Locked', message: 'a has no volumes' });
    expect(after(10)).toMatchObject({ phase: 'Refused', reason: 'NoVolumes', message: 'a has no volumes' });
    expect(step({ status: { ...locked, since: ago(10) } }).status).toMatchObject({ reason: 'NodeMissing', message: 'a was not checked yet' });
  }); // prettier-ignore

  const going = targetSeen(managedTarget('a'), { goingPvcs: ['data-a-0'] });
  const LOSES =
    'the PVC data-a-0 of a was deleted and goes, with its data, when the pod ends, so the node is not stopped';

  it.each([
    { because: 'a Backup', given: BACKUP },
    { because: 'a Restore', given: { kind: 'Restore', spec: { node: 'a', backup: 'n' }, observed: { source: source() } } },
    { because: 'a ChangeOwner', given: { kind: 'ChangeOwner', spec: { node: 'a' } } },
  ])('is refused for $because that would stop a node whose volume goes with its pod', ({ given }) => {
    const { observed } = { observed: {}, ...given };
    const status = begin({ ...given, observed: { ...observed, ...at(going) } });
    expect(status).toMatchObject({ phase: 'Refused', reason: 'VolumeTerminating', message: expect.stringContaining(LOSES) });
  }); // prettier-ignore

  it('is not refused for a Backup that copies it while it runs, nor for a node without a pod', () => {
    expect(begin({ spec: { node: 'a', action: 'Direct' } }, going)).toMatchObject({ phase: 'Working', live: true });
    expect(begin(BACKUP, { ...going, pods: [], replicas: 0 }).phase).toBe('Stopping');
  });

  it('has what its kind notes of it', () => {
    const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
    const targets = new Map(['a', 'b'].map((node) => [node, targetSeen(citaTarget(node))]));
    const spec = { ...EXCHANGE.spec, ...cloud };
    const { status } = step({ kind: 'Switchover', spec, status: { ...locked, locks: [LOCK, LOCK_B] }, observed: { targets } });
    expect(status.notes).toEqual([expect.stringContaining('the consensus logs')]);
    expect(status.paused).toEqual(['b', 'a']);
  }); // prettier-ignore
});

function argumentsOf(pod: unknown): string {
  return String(valueAt(pod, ['spec', 'containers', 0, 'args']));
}

describe('the objects that are tried', () => {
  const tried = (given: object, more: object = {}) => {
    const targets = new Map(['a', 'b'].map((node) => [node, targetSeen(managedTarget(node), more)]));
    const observed = { targets, trial: { verdict: 'Untried' as const } };
    const { effects } = step({ status: { phase: 'Locked', since: ago(1), locks: [LOCK] }, observed, ...given });
    return effects.flatMap((effect) => (effect.do === 'tryObjects' ? effect.creates : []));
  };

  it('of a key exchange are a pod for each node, which reads its volume', () => {
    const creates = tried(EXCHANGE);
    expect(creates.map(({ kind }) => kind)).toEqual(['Job', 'Job', 'Pod', 'Pod']);
    expect(new Set(creates.map(({ metadata }) => metadata.name)).size).toBe(2);
    expect(creates.map(({ metadata }) => metadata.namespace)).toEqual(Array.from({ length: 4 }, () => 'prod'));
    const spec = ['spec', 'volumes', 0, 'persistentVolumeClaim', 'claimName'];
    expect(creates.slice(2).map((pod) => valueAt(pod, spec))).toEqual(['data-b-0', 'data-a-0']);
    for (const pod of creates.slice(2)) {
      expect(valueAt(pod, ['spec', 'volumes', 0, 'persistentVolumeClaim', 'readOnly'])).toBe(true);
      expect(valueAt(pod, ['spec', 'containers', 0, 'volumeMounts'])).toContainEqual(expect.objectContaining({ name: 'node-data', readOnly: true }));
      expect(argumentsOf(pod)).toContain('"verb":"readSigner"');
    }
  }); // prettier-ignore

  it('of a copy are its own PVC or VolumeSnapshots, its Job and the pod of that', () => {
    const copy = tried(BACKUP);
    expect(copy.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Pod']);
    expect(argumentsOf(copy.at(-1))).toContain('"verb":"backup"');
    const snapshot = tried({ spec: { node: 'a', destination: { volumeSnapshot: {} } } });
    expect(snapshot.map(({ kind }) => kind)).toEqual(['VolumeSnapshot', 'Job', 'Pod']);
  });

  it('of a key exchange of other tools, or of a node without volumes, are none', () => {
    const cloud = { deployMethod: 'cloud-config', chain: 'test-chain' };
    const targets = new Map(['a', 'b'].map((node) => [node, targetSeen(citaTarget(node))]));
    const observed = { targets, trial: { verdict: 'Untried' as const } };
    expect(tried({ kind: 'Switchover', spec: { ...EXCHANGE.spec, ...cloud }, observed })).toEqual([]);
    const bare = new Map(['a', 'b'].map((node) => [node, targetSeen(managedTarget(node, { volumes: [] }))]));
    expect(tried({ ...EXCHANGE, observed: { ...observed, targets: bare } })).toEqual([]);
  });

  it.each([
    { because: 'a second later', seconds: 1, asks: false },
    { because: 'ten seconds later', seconds: 10, asks: true },
  ])('are asked for again $because: $asks', ({ seconds, asks }) => {
    const trial = { verdict: 'Unclear', message: 'timeout', at: NOW - seconds * 1000 } as const;
    const status: JobStatus = { phase: 'Locked', since: ago(1), locks: [LOCK] };
    const move = step({ ...BACKUP, status, observed: { ...at(running), trial } });
    expect(move.effects.map((effect) => effect.do)).toEqual(asks ? ['tryObjects'] : []);
    expect(move.status).toMatchObject({ phase: 'Locked', message: expect.stringMatching(/^waits until the API server/) });
  }); // prettier-ignore
});

it('a node of another tool is found as it was asked for', () => {
  expect(step({ status: { phase: 'Locked', since: ago(1) }, observed: { targets: new Map([['a', found]]) } }).status).toMatchObject({ phase: 'Stopping', targets: [citaTarget('a')] });
}); // prettier-ignore
