// What a Restore reads from, and with which StorageClass: a record on the status branch, which others can write, decides neither
// what the cluster and the object of the backup say, nor more than the policy allows a file.

import { describe, expect, it } from 'vitest';

import type { JobObject } from '../../src/api/job-object.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { observeClasses } from '../../src/controller/job/storage/observe-classes.ts';
import { observeSource } from '../../src/controller/job/storage/observe-source.ts';
import { observeStorage } from '../../src/controller/job/storage/observe-storage.ts';
import { claimsFrom, noClassFor } from '../../src/jobs/kinds/volume-snapshots.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import type { ObservedClass, RestoreSource } from '../../src/jobs/model/observation.ts';
import { JobRecord } from '../../src/jobs/requests/record.ts';
import { resultLabels } from '../../src/jobs/task/result-pvc.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { defined } from '../../src/lib/defined.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { managedTarget, source as aSource, targetSeen } from './support/fixtures.ts';
import { ago, HOLDER, LOCK, NOTE, step, work } from './support/step.ts';

const BACKUP = { kind: 'Backup', namespace: 'prod', name: 'nightly', uid: '1f0c22aa-0000' };
const NAME = jobObjectName(BACKUP);
const COPY = { volume: 'data', name: NAME, uid: 'snap-1', restoreSize: '10Gi', storageClass: 'fast' };
const RECORD = JobRecord.parse({
  ...BACKUP, executor: 'demo', specDigest: 'x', phase: 'Complete', manifestSha256: 'a'.repeat(64), nodes: ['a'], volumeSnapshots: [COPY],
}); // prettier-ignore
const OBJECT: JobObject = {
  apiVersion: 'x',
  kind: 'Backup',
  metadata: BACKUP,
  spec: {},
  status: { phase: 'Complete', manifestSha256: 'a'.repeat(64), targets: [managedTarget('a')], volumeSnapshots: [COPY] },
};
const API = 'snapshot.storage.k8s.io/v1';
const SNAPSHOT: KubeObject = {
  apiVersion: API,
  kind: 'VolumeSnapshot',
  metadata: { name: NAME, namespace: 'prod', uid: 'snap-1', labels: resultLabels(BACKUP, 'a') },
  status: { restoreSize: '12Gi', boundVolumeSnapshotContentName: 'content-1' },
};
const CONTENT: KubeObject = {
  apiVersion: API,
  kind: 'VolumeSnapshotContent',
  metadata: { name: 'content-1' },
  spec: { driver: 'csi.fast', volumeSnapshotRef: { uid: 'snap-1' } },
};

interface Given {
  readonly pushed?: JobRecord;
  /** As the controller remembers it. */
  readonly known?: JobRecord;
  readonly object?: JobObject;
  readonly objects?: readonly KubeObject[];
  readonly phase?: JobStatus['phase'];
  readonly forbidden?: readonly string[];
}

function clusterOf(objects: readonly KubeObject[], forbidden: readonly string[] = []) {
  return {
    get: async ({ kind, name }: Ref) => {
      if (forbidden.includes(kind)) throw new KubeError('FORBIDDEN', 'not allowed');
      return await Promise.resolve(objects.find((one) => one.kind === kind && one.metadata.name === name));
    },
  };
}

async function observe({ phase = 'Locked', objects = [SNAPSHOT, CONTENT], ...given }: Given): Promise<RestoreSource | undefined> {
  const { pushed, known, object } = given;
  const restore = { kind: 'Restore', metadata: { name: 'back', namespace: 'prod' }, spec: { node: 'a', backup: 'nightly' }, status: { phase } };
  const records = { pushedAll: () => new Map(pushed === undefined ? [] : [['Backup/prod/nightly', pushed]]), next: () => known };
  const deps = { records, jobs: { get: () => object }, settings: { executor: 'demo' }, cluster: clusterOf(objects, given.forbidden) };
  return await observeSource(restore as never, deps as never);
} // prettier-ignore

describe('a VolumeSnapshot that a Restore reads', () => {
  it('has the size and the driver that the cluster says', async () => {
    const forged = { ...RECORD, volumeSnapshots: [{ ...COPY, restoreSize: '900Ti', storageClass: 'costly' }] };
    const { volumeSnapshots, missingSnapshots } = (await observe({ pushed: forged, known: forged })) ?? {};
    expect(missingSnapshots).toEqual([]);
    expect(volumeSnapshots).toEqual([
      { volume: 'data', name: NAME, uid: 'snap-1', restoreSize: '12Gi', driver: 'csi.fast', notedClass: 'costly' },
    ]);
  });

  it.each([
    { because: 'its content may not be read', forbidden: ['VolumeSnapshotContent'] },
    { because: 'its content is gone', objects: [SNAPSHOT] },
    { because: 'the content is of another', objects: [SNAPSHOT, { ...CONTENT, spec: { driver: 'csi.fast', volumeSnapshotRef: { uid: 'x' } } }] },
    { because: 'it has none', objects: [{ ...SNAPSHOT, status: { restoreSize: '12Gi' } }, CONTENT] },
  ])('has no known driver when $because', async (given) => {
    const { volumeSnapshots } = (await observe({ pushed: RECORD, known: RECORD, ...given })) ?? {};
    expect(volumeSnapshots).toEqual([{ volume: 'data', name: NAME, uid: 'snap-1', restoreSize: '12Gi', notedClass: 'fast' }]);
  }); // prettier-ignore

  it('has no size of a record when it is gone', async () => {
    const { volumeSnapshots, missingSnapshots } = (await observe({ pushed: RECORD, known: RECORD, objects: [] })) ?? {};
    expect(volumeSnapshots).toEqual([{ volume: 'data', name: NAME, uid: 'snap-1', notedClass: 'fast' }]);
    expect(missingSnapshots).toEqual([NAME]);
  });
});

describe('the source of a Restore', () => {
  const forged = { ...RECORD, manifestSha256: 'f'.repeat(64), chain: 'other' };

  it('is as the object of the backup says while that is there', async () => {
    expect(await observe({ pushed: forged, known: forged, object: OBJECT })).toMatchObject({
      manifestSha256: 'a'.repeat(64),
      chain: 'cosmos',
    });
    const { uid: _uid, ...others } = BACKUP;
    const other = { ...OBJECT, metadata: { ...others, uid: 'other' } };
    expect(await observe({ pushed: RECORD, known: RECORD, object: other })).toMatchObject({ chain: '' });
  });

  it('is as the controller remembers it, not as someone else pushed it', async () => {
    expect(await observe({ pushed: forged, known: RECORD })).toMatchObject({ manifestSha256: 'a'.repeat(64) });
  });

  it.each([
    { because: 'nor is a source before its record is on the branch', given: { known: RECORD }, want: undefined },
    { because: 'what has begun ends without it', given: { known: RECORD, phase: 'Working' }, want: 'Complete' },
    { because: 'a record that has not ended is waited for', given: { pushed: { ...RECORD, phase: 'Working' }, known: RECORD, object: OBJECT }, want: 'Working' },
    { because: 'a Backup that works is waited for', given: { pushed: RECORD, known: RECORD, object: { ...OBJECT, status: { phase: 'Working' } } }, want: 'Working' },
    { because: 'one that was lost is not', given: { pushed: { ...RECORD, phase: 'Interrupted' }, object: { ...OBJECT, status: { phase: 'Working' } } }, want: 'Interrupted' },
    { because: 'a Backup that failed is none', given: { pushed: RECORD, known: RECORD, object: { ...OBJECT, status: { phase: 'Failed' } } }, want: 'Failed' },
  ] satisfies readonly { because: string; given: Given; want: string | undefined }[])('$because', async ({ given, want }) => {
    expect((await observe(given))?.phase).toBe(want);
  }); // prettier-ignore

  const stored = (repository: string) => ({
    volumeSnapshots: undefined,
    objectStorage: { location: 'offsite', repository, snapshot: 'b' },
  });

  it.each([
    { repository: 'demo/prod/a', isOwn: true },
    { repository: 'demo/prod/a-b.c', isOwn: true },
    { repository: 'demo/prod/-a', isOwn: false },
    { repository: 'demo/prod/a b', isOwn: false },
    { repository: 'demo/staging/a', isOwn: false },
    { repository: 'tokyo/prod/a', isOwn: false },
    { repository: 'demo/prod/a/b', isOwn: false },
    { repository: 'demo/prod/..', isOwn: false },
    { repository: 'demo/prod/../staging/a', isOwn: false },
    { repository: 'demo/prod/', isOwn: false },
  ])('in the repository $repository is its own: $isOwn', async ({ repository, isOwn }) => {
    const record = { ...RECORD, ...stored(repository) };
    const seen = await observe({ pushed: record, known: record });
    expect(seen?.otherRepository === undefined).toBe(isOwn);
    if (seen === undefined || isOwn) return;
    const target = managedTarget('a');
    const given = { kind: 'Restore', spec: { node: 'a', backup: 'nightly' }, status: { phase: 'Locked' as const, locks: [LOCK] } };
    const found = { source: { ...aSource(), ...seen, chain: 'cosmos' }, targets: new Map([['a', targetSeen(target)]]), locks: new Map([[LOCK, { holder: HOLDER }]]) };
    expect(step({ ...given, observed: found }).status).toMatchObject({ phase: 'Refused', reason: 'SourceMissing', message: expect.stringContaining(repository) });
  }); // prettier-ignore

  it.each([
    { because: 'is refused where the policy does not allow it', locations: ['here'], seen: { ok: false, message: 'the location offsite: the policy does not allow it' } },
    { because: 'is used where the policy allows it', locations: ['*'], seen: { ok: false, message: expect.stringContaining('Secret keys does not exist') } },
    { because: 'is not asked for again once the work has begun', locations: [], phase: 'Working' as const, seen: { ok: true } },
  ])('in a location that only its record names $because', async ({ locations, seen, phase = 'Locked' }) => {
    const restore = { kind: 'Restore', metadata: { name: 'back', namespace: 'prod' }, spec: { node: 'a', backup: 'nightly' }, status: { phase } };
    const location = { endpoint: 'https://s3.example.com', bucket: 'b', secret: 'keys' };
    const policy = { spec: { backupLocations: { offsite: location } }, allowedFor: () => ({ locations }) };
    const deps = { cluster: clusterOf([]), settings: { policy, executor: 'demo' }, fleet: {}, records: { pushedAll: () => new Map() } };
    const storage = await observeStorage(restore as never, aSource({ stored: stored('demo/prod/a').objectStorage }), deps as never);
    expect(storage).toMatchObject(seen);
  }); // prettier-ignore
});

describe('StorageClasses for a Restore from VolumeSnapshots', () => {
  const observeAll = async (forbidden: readonly string[] = []) => {
    const found = ['fast', 'costly'].map((name) => ({ apiVersion: 'x', kind: 'StorageClass', metadata: { name }, provisioner: `csi.${name}` }));
    const deps = { cluster: clusterOf(found, forbidden), settings: { policy: { allowedFor: () => ({ storageClasses: ['fa*'] }) } }, fleet: {} };
    const volumeSnapshots = ['costly', 'gone'].map((notedClass) => ({ volume: 'data', name: NAME, uid: 'snap-1', notedClass }));
    const job = { ...OBJECT, kind: 'Restore' };
    return await observeClasses({ job, source: { ...aSource(), volumeSnapshots }, targets: [managedTarget('a')] }, deps as never);
  }; // prettier-ignore

  it('are those of the node and of the record, as far as they exist, with what the policy says', async () => {
    expect([...((await observeAll()) ?? [])]).toEqual([
      ['fast', { provisioner: 'csi.fast', isAllowed: true }],
      ['costly', { provisioner: 'csi.costly', isAllowed: false }],
    ]);
  });

  it('count as there where they may not be read', async () => {
    const found = [...((await observeAll(['StorageClass'])) ?? [])];
    expect(found).toContainEqual(['costly', { isAllowed: false }]);
    expect(found).toContainEqual(['fast', { isAllowed: true }]);
  });
});

interface Classes {
  readonly because: string;
  readonly driver?: string;
  readonly own?: string;
  readonly noted?: string;
  readonly known?: ReadonlyMap<string, ObservedClass>;
  /** Undefined: the default of the cluster. */
  readonly has?: string;
  readonly refused?: string;
}
const ALL = new Map<string, ObservedClass>([
  ['fast', { provisioner: 'csi.fast', isAllowed: true }],
  ['old', { provisioner: 'csi.fast', isAllowed: true }],
  ['slow', { provisioner: 'csi.slow', isAllowed: true }],
]);
const HIDDEN = new Map<string, ObservedClass>(['fast', 'old'].map((name) => [name, { isAllowed: true }]));
const DENIED = new Map<string, ObservedClass>(
  [...ALL].map(([name, one]) => [name, { ...one, isAllowed: name === 'fast' }]),
);

it.each<Classes>([
  { because: "the node's own, not one that the record names", driver: 'csi.fast', own: 'fast', noted: 'old', has: 'fast' },
  { because: "the node's own, also where the policy does not allow it for a file", driver: 'csi.slow', own: 'slow', known: DENIED, has: 'slow' },
  { because: 'the one on record, where the own is of another driver', driver: 'csi.slow', own: 'fast', noted: 'slow', has: 'slow' },
  { because: 'the one on record, where the own is gone', driver: 'csi.slow', own: 'gone', noted: 'slow', has: 'slow' },
  { because: 'none that the policy does not allow', driver: 'csi.slow', own: 'fast', noted: 'slow', known: DENIED, has: 'fast', refused: 'slow is of csi.slow, and the policy does not allow it' },
  { because: 'none of another driver', driver: 'csi.slow', own: 'fast', noted: 'old', has: 'fast', refused: 'fast is of csi.fast, old is of csi.fast' },
  { because: 'none that does not exist', driver: 'csi.slow', own: 'fast', noted: 'gone', has: 'fast', refused: 'gone does not exist' },
  { because: 'the default, and not one that may not be read on the word of a record', driver: 'csi.slow', noted: 'old', known: HIDDEN },
  { because: 'the default, and not one that the policy does not allow', driver: 'csi.slow', noted: 'slow', known: DENIED },
  { because: "the node's own, where it may not be read", driver: 'csi.slow', own: 'fast', noted: 'old', known: HIDDEN, has: 'fast' },
  { because: "the node's own, where the driver may not be read", own: 'fast', noted: 'slow', has: 'fast' },
  { because: 'the default, where neither has one', driver: 'csi.slow' },
  { because: 'the default, where the driver may not be read either', noted: 'slow' },
  { because: 'the default, where nothing may be read', noted: 'old', known: HIDDEN },
  { because: 'no other, where the record names none', driver: 'csi.slow', own: 'fast', has: 'fast', refused: 'is: fast is of csi.fast' },
])('a PVC from a VolumeSnapshot has the class of $because', ({ driver, own, noted, known = ALL, has, refused }) => {
  const target = managedTarget('a', { volumes: [defined({ name: 'data', claim: 'data-a-0', size: '10Gi', storageClass: own })] });
  const snapshots = [defined({ volume: 'data', name: NAME, uid: 'snap-1', driver, notedClass: noted })];
  const from = { job: BACKUP, target, snapshots, classes: known };
  expect(valueAt(claimsFrom(from), [0, 'spec', 'storageClassName'])).toBe(has);
  expect(noClassFor(from)?.reason).toBe(refused === undefined ? undefined : 'NoStorageClass');
  expect(noClassFor(from)?.message ?? '').toContain(refused ?? '');
  expect(noClassFor(from)?.message ?? '').not.toContain('undefined');
}); // prettier-ignore

describe('a Restore whose source is gone under the work', () => {
  const target = managedTarget('a');
  const note = {
    ...NOTE,
    nodes: [{ node: 'a', workload: target.workload, wasRunning: true }],
    unsafe: 'its data is being changed',
  };
  const after = (works: JobStatus['works']): JobStatus => {
    const stopped = targetSeen(target, { pods: [], paused: true, replicas: 0 });
    const status = defined({ phase: 'Working' as const, since: ago(1), locks: [LOCK], targets: [target], paused: ['a'], works });
    const observed = { locks: new Map([[LOCK, { holder: HOLDER, note }]]), targets: new Map([['a', stopped]]), source: undefined };
    return step({ kind: 'Restore', spec: { node: 'a', backup: 'nightly' }, status, observed }).status;
  }; // prettier-ignore

  it('ends Held once a task has begun: a record that someone removes starts no node on half of its data', () => {
    expect(after([work])).toMatchObject({ phase: 'Held', reason: 'SourceMissing', failure: { unsafe: true } });
  });

  it('starts the node when nothing was begun', () => {
    const { uid: _uid, ...intended } = work;
    for (const works of [undefined, [intended]])
      expect(after(works)).toMatchObject({ phase: 'Starting', failure: { unsafe: false } });
  });
});
