// A backup in VolumeSnapshots: each is made once, known by its UID, waited for, and restored through PVCs that are made from it.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { JobObservation, ObservedMade, RestoreSource } from '../../src/jobs/model/observation.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { claimsFrom, volumeSnapshots } from '../../src/jobs/kinds/volume-snapshots.ts';
import { defined } from '../../src/lib/defined.ts';
import type { Move } from '../../src/jobs/model/scope.ts';
import { managedTarget, targetSeen, UID } from './support/fixtures.ts';
import { ago, type Given, HOLDER, LOCK, NOTE, step, work } from './support/step.ts';

const NAME = 'backup-one-1f0c22aa';
const TWO = managedTarget('a', {
  volumes: [
    { name: 'el', claim: 'el-a-0', size: '10Gi', storageClass: 'fast' },
    { name: 'cl', claim: 'cl-a-0', size: '5Gi', storageClass: 'fast' },
  ],
});
const stopped = targetSeen(TWO, {
  pods: [],
  paused: true,
  replicas: 0,
  answers: {
    identityFiles: [],
    signerState: [],
    databaseMarkers: [{ volume: 'el', anyOf: ['geth/chaindata/CURRENT'] }],
  },
});
const working: JobStatus = { phase: 'Working', since: ago(1), locks: [LOCK], targets: [TWO], paused: ['a'] };
const spec = { node: 'a', destination: { volumeSnapshot: { className: 'snapshots' } } };

const JOB = { kind: 'Backup', namespace: 'prod', name: 'one', uid: UID };

/** As the API server has what the job has created. */
const live = (object: KubeObject, more: Partial<ObservedMade> = {}): ObservedMade => ({
  kind: object.kind === 'VolumeSnapshot' ? object.kind : 'PersistentVolumeClaim',
  name: object.metadata.name,
  uid: `uid-${object.metadata.name}`,
  jobUid: UID,
  object,
  ready: true,
  figures: {
    restoreSize: '10Gi',
    content: `content-${object.metadata.name}`,
    handle: 'handle-1',
    className: 'snapshots',
  },
  ...more,
});
const both = volumeSnapshots(JOB, TWO, { className: 'snapshots' }).map((object) => live(object));
const known = both.map(({ kind, name, uid }) => ({ kind, name, uid }));
/** Their names were free, and they are being created. */
const intended = both.map(({ kind, name }) => ({ kind, name }));

/** The first, with another object in its place. */
function otherwise([first, ...others]: readonly ObservedMade[], change: (object: KubeObject) => KubeObject) {
  return first === undefined ? [] : [{ ...first, object: change(first.object) }, ...others];
}

const withSpec =
  (change: object) =>
  (object: KubeObject): KubeObject => ({ ...object, spec: { ...(object['spec'] as object), ...change } });
const withMetadata =
  (change: object) =>
  (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, ...change } });

/** With the note on the lock that the job writes first. */
function noted(given: Given): Move {
  const first = step(given);
  const [effect] = first.effects;
  if (effect?.do !== 'noteOnLock') return first;
  const locks = new Map([[LOCK, { holder: HOLDER, note: effect.note }]]);
  return step({ ...given, observed: { ...given.observed, locks } });
}

function removalsIn({ effects }: Move): readonly string[] {
  return effects.flatMap((effect) => {
    if (effect.do === 'removeFinalizer') return effect.do;
    return effect.do === 'deletePvc' || effect.do === 'deleteSnapshot' ? effect.uid : [];
  });
}

function look(status: Partial<JobStatus>, made: readonly ObservedMade[], more: Partial<JobObservation> = {}): Move {
  return noted({
    kind: 'Backup',
    spec,
    status: { ...working, ...status },
    observed: {
      locks: new Map([[LOCK, { holder: HOLDER, note: NOTE }]]),
      targets: new Map([['a', stopped]]),
      made: new Map(made.map((one) => [one.name, one])),
      ...more,
    },
  });
}

describe('a Backup in VolumeSnapshots', () => {
  it('makes one for each volume of the stopped node, with its labels and without an owner', () => {
    const { effects, status } = look({}, []);
    expect(status.made).toEqual(intended);
    expect(effects).toMatchObject([
      {
        do: 'createSnapshot',
        object: {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshot',
          metadata: { name: NAME, namespace: 'prod', labels: { 'validatoros.com/backup-of': 'a' } },
          spec: { volumeSnapshotClassName: 'snapshots', source: { persistentVolumeClaimName: 'el-a-0' } },
        },
      },
      { do: 'createSnapshot', object: { metadata: { name: `${NAME}-v1` } } },
    ]);
    expect(JSON.stringify(effects)).not.toContain('ownerReferences');
  });

  it('stores their UIDs before it does anything with them', () => {
    const { effects, status } = look({ made: intended }, both);
    expect(effects).toEqual([]);
    expect(status.made).toEqual(known);
    expect(status.works).toBeUndefined();
  });

  it('creates again what was lost on the way, and knows what was created', () => {
    const { effects, status } = look({ made: intended }, both.slice(1));
    expect(effects).toMatchObject([{ do: 'createSnapshot', object: { metadata: { name: NAME } } }]);
    expect(status.made).toEqual(intended);
  });

  it('waits until they can be restored, and shows what the CSI driver complains about', () => {
    const [first, second] = both as [ObservedMade, ObservedMade];
    const waiting = look({ made: known }, [first, { ...second, ready: false }]);
    expect(waiting.because).toBe(`waits until the CSI driver has made VolumeSnapshot ${NAME}-v1`);
    const failing = { ...second, ready: false, message: 'rpc error: quota exceeded' };
    expect(look({ made: known }, [first, failing]).because).toContain(': rpc error: quota exceeded');
    expect(look({ made: known, since: ago(2) }, [first, failing]).status.phase).toBe('Working');
    expect(look({ made: known, since: ago(4) }, [first, failing]).status).toMatchObject({
      phase: 'Starting',
      failure: {
        reason: 'SnapshotFailed',
        unsafe: false,
        message: expect.stringContaining('rpc error: quota exceeded'),
      },
    });
    const slow = { ...second, ready: false };
    expect(look({ made: known, since: ago(29) }, [first, slow]).status.phase).toBe('Working');
    expect(look({ made: known, since: ago(31) }, [first, slow]).status.failure?.reason).toBe('SnapshotFailed');
  });

  it('records what they are, then reads the volumes for the proof', () => {
    const { effects, status } = look({ made: known }, both);
    expect(effects).toEqual([]);
    expect(status.volumeSnapshots).toMatchObject([
      { volume: 'el', name: NAME, uid: `uid-${NAME}`, restoreSize: '10Gi', handle: 'handle-1', storageClass: 'fast' },
      { volume: 'cl', name: `${NAME}-v1` },
    ]);
    const next = look(status, both);
    const [effect] = next.effects;
    const job = JSON.stringify(effect);
    expect(effect).toMatchObject({ do: 'createJob' });
    expect(job).toContain(String.raw`\\"verb\\":\\"describe\\"`.replaceAll('\\\\', '\\'));
    expect(job).toContain('geth/chaindata/CURRENT');
    expect(job).toContain('"mountPath":"/source/volumes/el","readOnly":true');
  });

  it.each([
    { because: 'was deleted', made: both.slice(1), status: { made: known }, reason: 'SnapshotGone' },
    { because: 'was replaced', made: both.map((one) => ({ ...one, uid: 'x' })), status: { made: known }, reason: 'SnapshotGone' },
    { because: 'was there before the job made any', made: both, status: {}, reason: 'SnapshotTaken' },
    { because: 'was there before the job made it', made: both, status: { made: known.slice(1) }, reason: 'SnapshotTaken' },
  ])('fails, and starts the node again, when one $because', ({ made, status, reason }) => {
    expect(look(status, made).status).toMatchObject({ phase: 'Starting', failure: { reason, unsafe: false } });
  }); // prettier-ignore

  it.each([
    { because: 'is of another PVC', change: withSpec({ source: { persistentVolumeClaimName: 'data-b-0' } }), says: 'its spec.source is another' },
    { because: 'is of a content', change: withSpec({ source: { volumeSnapshotContentName: 'x' } }), says: 'its spec.source is another' },
    { because: 'is of another class', change: withSpec({ volumeSnapshotClassName: 'x' }), says: 'its spec.volumeSnapshotClassName is another' },
    { because: 'is of another job', change: withMetadata({ labels: { ...both[0]?.object.metadata.labels, 'validatoros.com/job-uid': 'x' } }), says: 'its label validatoros.com/job-uid is another' },
    { because: 'is of no job', change: withMetadata({ labels: undefined }), says: 'is another' },
    { because: 'goes with something else', change: withMetadata({ ownerReferences: [{ uid: 'x' }] }), says: 'its owners are others' },
  ])('does not take one that $because, says what to do about it, and leaves it', ({ change, says }) => {
    const made = otherwise(both, change);
    const { status } = look({ made: intended }, made);
    expect(status).toMatchObject({ phase: 'Starting', failure: { reason: 'SnapshotTaken', unsafe: false }, made: intended.slice(1) });
    expect(status.failure?.message).toContain(says);
    expect(status.failure?.message).toContain(`kubectl -n prod get volumesnapshot ${NAME} -o yaml --show-managed-fields`);
    const end = { ...status, phase: 'Failed', endTime: ago(1) } as const;
    expect(removalsIn(look(end, made, { record: { uid: UID, phase: 'Failed' } }))).toEqual([`uid-${NAME}-v1`]);
  }); // prettier-ignore

  it.each([
    { because: 'on record', status: { made: known } },
    { because: 'there', status: { made: intended } },
  ])('does not count when the node ran while one was $because: it may hold other files than are read', ({ status }) => {
    const { found: _found, ...seen } = targetSeen(TWO);
    const targets = new Map([['a', { ...stopped, replicas: 1, pods: seen.pods }]]);
    const move = look(status, both, { targets });
    expect(move.status).toMatchObject({ phase: 'Starting', failure: { reason: 'NodeStarted', unsafe: false } });
  });

  it('continues when the node ran before one was made, and then takes none that is there already', () => {
    const { pods } = targetSeen(TWO);
    const targets = new Map([['a', { ...stopped, replicas: 1, pods }]]);
    const others = both.map((one) => ({ ...one, jobUid: 'x' }));
    expect(look({}, [], { targets }).status).toMatchObject({ phase: 'Working' });
    expect(look({}, others, { targets }).status).toMatchObject({ phase: 'Working' });
    const again = look({ made: intended }, [], { targets });
    expect(again.status).toMatchObject({ phase: 'Working', made: [] });
    expect(look(again.status, both).status.failure?.reason).toBe('SnapshotTaken');
  });

  it('is refused where the cluster makes none, before the node is stopped', () => {
    const found = targetSeen(TWO, stopped);
    const { status, effects } = look({ phase: 'Locked', paused: [] }, [], {
      noSnapshots: 'the cluster has no VolumeSnapshots',
      targets: new Map([['a', found]]),
    });
    expect(status).toMatchObject({
      phase: 'Refused',
      reason: 'SnapshotsUnavailable',
      message: expect.stringContaining('no VolumeSnapshots'),
    });
    expect(effects.map((one) => one.do)).not.toContain('pauseNode');
  });

  interface End {
    readonly because: string;
    readonly end: Pick<JobStatus, 'phase' | 'manifestSha256'>;
    readonly deleting?: boolean;
    readonly does: readonly string[];
  }
  const removal = known.map(({ uid }) => uid);
  it.each<End>([
    { because: 'failed', end: { phase: 'Failed' }, does: removal },
    { because: 'failed, and has a proof', end: { phase: 'Failed', manifestSha256: 'a'.repeat(64) }, does: [] },
    { because: 'complete', end: { phase: 'Complete' }, does: [] },
    { because: 'ended Held', end: { phase: 'Held' }, does: [] },
    { because: 'ended Held, and its object is deleted', end: { phase: 'Held' }, deleting: true, does: removal },
  ])('leaves no VolumeSnapshot without a proof behind: $because', ({ deleting = false, does, end }) => {
    const status: Partial<JobStatus> = { ...end, endTime: ago(1), made: known, paused: [] };
    const after = (made: readonly ObservedMade[]): readonly string[] =>
      removalsIn(look(status, made, { record: defined({ uid: UID, phase: end.phase }), deleting }));
    expect(after(both)).toEqual(does);
    expect(after(both.map((one) => ({ ...one, going: true })))).toEqual(deleting ? ['removeFinalizer'] : []);
  });

  it('nor one that was created and not seen any more', () => {
    const status: Partial<JobStatus> = { phase: 'Failed', endTime: ago(1), made: intended, paused: [] };
    expect(removalsIn(look(status, both, { record: { uid: UID, phase: 'Failed' } }))).toEqual(removal);
  });
});

describe('a Restore from VolumeSnapshots', () => {
  const source: RestoreSource = {
    phase: 'Complete', job: 'Backup prod/nightly', kind: 'Backup', pvcPresent: false, chain: TWO.chain, node: 'a', live: false,
    deployMethod: 'managed', manifestSha256: 'c'.repeat(64), bytes: 10, files: 2,
    volumeSnapshots: [
      { volume: 'el', name: 'snap-el', uid: '1', restoreSize: '12Gi', driver: 'csi.fast', notedClass: 'old' },
      { volume: 'cl', name: 'snap-cl', uid: '2', restoreSize: '1Gi', driver: 'csi.fast', notedClass: 'old' },
    ],
    missingSnapshots: [],
  }; // prettier-ignore
  const CLAIM = 'restore-one-1f0c22aa';
  const classes: NonNullable<JobObservation['storageClasses']> = new Map([
    ['fast', { provisioner: 'csi.fast', isAllowed: true }],
    ['old', { provisioner: 'csi.fast', isAllowed: true }],
    ['slow', { provisioner: 'csi.slow', isAllowed: true }],
  ]);
  const job = { ...JOB, kind: 'Restore' };
  const wanted = claimsFrom({ job, target: TWO, snapshots: source.volumeSnapshots ?? [], classes });
  const claims = 'refused' in wanted ? [] : wanted.map((object) => live(object, { figures: {} }));
  const creating = claims.map(({ kind, name }) => ({ kind, name }));

  function restore(
    status: Partial<JobStatus>,
    made: readonly ObservedMade[],
    more: Partial<JobObservation> = {},
  ): Move {
    return noted({
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      status: { ...working, ...status },
      observed: {
        locks: new Map([[LOCK, { holder: HOLDER, note: NOTE }]]),
        targets: new Map([['a', stopped]]),
        made: new Map(made.map((one) => [one.name, one])),
        source,
        storageClasses: classes,
        ...more,
      },
    });
  }

  it('makes a PVC from each, as large as both the snapshot and the volume need', () => {
    expect(restore({}, []).effects).toMatchObject([
      {
        do: 'createPvc',
        object: {
          metadata: { name: CLAIM, namespace: 'prod' },
          spec: {
            storageClassName: 'fast',
            resources: { requests: { storage: '12Gi' } },
            dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap-el' },
          },
        },
      },
      {
        do: 'createPvc',
        object: { spec: { resources: { requests: { storage: '5Gi' } }, dataSource: { name: 'snap-cl' } } },
      },
    ]);
  });

  it('is refused before the node is stopped when no class fits', () => {
    const { status } = restore({ phase: 'Locked', paused: [] }, [], { storageClasses: new Map() });
    expect(status).toMatchObject({ phase: 'Refused', reason: 'NoStorageClass' });
  });

  it.each([
    { because: 'before the work', works: [], phase: 'Starting', unsafe: false },
    { because: 'under the work', works: [work], phase: 'Held', unsafe: true },
  ])('of which one goes $because ends $phase', ({ works, phase, unsafe }) => {
    const { status } = restore({ made: creating }, claims);
    const gone = restore({ ...status, works }, claims.slice(1));
    expect(gone.status).toMatchObject({ phase, failure: { reason: 'ClaimGone', unsafe } });
  });

  it('copies from them, and only what has the content on record', () => {
    const stored = restore({ made: creating }, claims);
    expect(stored.status.made).toHaveLength(2);
    const [effect] = restore(stored.status, claims).effects;
    const text = JSON.stringify(effect).replaceAll('\\', '');
    expect(text).toContain(`"describe":{"contentSha256":"${'c'.repeat(64)}"`);
    expect(text).toContain('"from":"/source"');
    expect(text).toContain(`"claimName":"${CLAIM}-v1"`);
  });

  it.each([
    { because: 'was made from another snapshot', change: withSpec({ dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'x' } }), says: 'spec.dataSource' },
    { because: 'was made from a PVC of that name', change: withSpec({ dataSource: { kind: 'PersistentVolumeClaim', name: 'snap-el' } }), says: 'spec.dataSource' },
    { because: 'has another class', change: withSpec({ storageClassName: 'shared' }), says: 'spec.storageClassName' },
    { because: 'chooses its volume', change: withSpec({ selector: { matchLabels: { a: 'b' } } }), says: 'spec.selector' },
    { because: 'would outlive the Restore', change: withMetadata({ ownerReferences: [] }), says: 'owners' },
  ])('does not read a PVC that $because', ({ change, says }) => {
    const { failure } = restore({ made: creating }, otherwise(claims, change)).status;
    expect(failure).toMatchObject({ reason: 'ClaimTaken', message: expect.stringContaining(says) });
    expect(failure?.message).toContain('kubectl -n prod get pvc');
  }); // prettier-ignore

  it('does not read a PVC that was there before', () => {
    expect(restore({}, claims).status.failure?.reason).toBe('ClaimTaken');
  });

  it('owns them, so that Kubernetes removes them when its object is gone', () => {
    const [effect] = restore({}, []).effects;
    const owner = { apiVersion: 'validatoros.com/v1alpha1', kind: 'Restore', name: 'one', uid: UID };
    expect(effect).toMatchObject({ do: 'createPvc', object: { metadata: { ownerReferences: [owner] } } });
  });

  const made = claims.map(({ kind, name, uid }) => ({ kind, name, uid }));
  interface Deleted {
    readonly because: string;
    readonly phase?: JobStatus['phase'];
    readonly record?: JobStatus['phase'];
    readonly workerPods?: number;
    readonly left?: readonly ObservedMade[];
    readonly does: readonly string[];
  }
  const [first, second] = claims as [ObservedMade, ObservedMade];
  const both = made.map(({ uid }) => uid);
  it.each<Deleted>([
    { because: 'not before its end is on record', record: 'Working', does: [] },
    { because: 'under a worker pod', workerPods: 1, does: both },
    { because: 'when its end is on record', does: both },
    { because: 'when it ended Held', phase: 'Held', record: 'Held', does: both },
    { because: 'unless it is going', left: [first, { ...second, going: true }], does: [first.uid] },
    { because: 'unless it was replaced', left: [first, { ...second, uid: 'x' }], does: [first.uid] },
    { because: 'until all are going', left: claims.map((one) => ({ ...one, going: true })), does: ['removeFinalizer'] },
    { because: 'until none is left', left: [], does: ['removeFinalizer'] },
    { because: 'and waits for no worker pod', phase: 'Held', record: 'Held', workerPods: 1, left: [], does: ['removeFinalizer'] },
  ])('removes them, then the finalizer of its deleted object, $because', ({ phase = 'Complete', record = 'Complete', left = claims, workerPods = 0, does }) => {
    const status = { phase, endTime: ago(1), made, paused: [] } satisfies Partial<JobStatus>;
    expect(removalsIn(restore(status, left, { record: { uid: UID, phase: record }, workerPods, deleting: true, guarded: true }))).toEqual(does);
  }); // prettier-ignore

  it.each([
    {
      because: 'is gone',
      change: { missingSnapshots: ['snap-el'] },
      says: 'VolumeSnapshot snap-el of Backup prod/nightly is gone',
    },
    {
      because: 'is of another node with other volumes',
      change: { volumeSnapshots: source.volumeSnapshots?.slice(0, 1) ?? [] },
      says: 'no VolumeSnapshot of the volume cl',
    },
  ])('is refused when one $because', ({ change, says }) => {
    const { status } = restore({ phase: 'Locked', paused: [] }, [], { source: { ...source, ...change } });
    expect(status).toMatchObject({ phase: 'Refused', reason: 'SourceMissing', message: expect.stringContaining(says) });
  });
});
