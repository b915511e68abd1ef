// Records of backups that someone else wrote to the status branch, and objects that someone else put in the place of a backup:
// none makes retention remove another backup, or a Restore read other data.

import { describe, expect, it } from 'vitest';

import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { applyRetention } from '../../src/controller/job/retention.ts';
import { liveData } from '../../src/controller/job/storage/live-data.ts';
import { recordRemovals } from '../../src/controller/job/storage/record-removals.ts';
import { observeMade } from '../../src/controller/job/storage/observe-made.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import { whyForeign } from '../../src/jobs/requests/own-backup.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { sourceOf } from '../../src/jobs/requests/restore-source.ts';
import { resultLabels } from '../../src/jobs/task/result-pvc.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { managedTarget } from './support/fixtures.ts';

const API = 'snapshot.storage.k8s.io/v1';
const FIRST = 29_000_000;

/** Of a run of the schedule `nightly`; it ended on that day. */
function run(day: number, more: Partial<JobRecord> = {}): JobRecord {
  const job = { kind: 'Backup', namespace: 'prod', name: `nightly-${FIRST + day}`, uid: `0000000${day}-0000` };
  return {
    ...job, executor: 'demo', specDigest: 'x', phase: 'Complete', schedule: 'prod/nightly', endedAt: `2026-01-0${day}T00:00:00Z`,
    manifestSha256: 'a'.repeat(64), files: 1, bytes: 1, volumeSnapshots: [{ volume: 'data', name: jobObjectName(job), uid: `data-${day}` }],
    ...more,
  }; // prettier-ignore
}

/** The day of the run of that name, also where its record says another. */
const dayOf = (name: string): string => `2026-01-0${Number(name.slice('nightly-'.length)) - FIRST}T00:00:00Z`;

/** The VolumeSnapshot that the job of the record made. */
function madeBy({ kind, namespace, name, uid = '', volumeSnapshots = [] }: JobRecord): KubeObject {
  const labels = resultLabels({ kind, namespace, name, uid }, 'a');
  const [made] = volumeSnapshots;
  return {
    apiVersion: API,
    kind: 'VolumeSnapshot',
    metadata: { name: made?.name ?? '', namespace, uid: made?.uid ?? '', labels, creationTimestamp: dayOf(name) },
  };
}

function clusterOf(objects: readonly KubeObject[]) {
  const removed: string[] = [];
  return {
    removed,
    get: ({ kind, name, namespace }: Ref) =>
      Promise.resolve(
        objects.find((one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace),
      ),
    remove: ({ kind, name }: Ref, { uid }: { readonly uid: string }) => {
      const is = ({ metadata }: KubeObject): boolean => metadata.name === name && metadata.uid === uid;
      if (objects.some((one) => one.kind === kind && is(one))) removed.push(uid);
      return Promise.resolve();
    },
  };
}

interface Given {
  readonly records: readonly JobRecord[];
  /** By default the data of all records. */
  readonly data?: readonly KubeObject[];
  /** Of the jobs that are there. */
  readonly objects?: readonly object[];
  readonly last?: number;
}

/** UIDs of the VolumeSnapshots that a rule removes: that of one backup, unless the test says otherwise. */
async function removedOf({ records, data = records.map(madeBy), objects = [], last = 1 }: Given) {
  const cluster = clusterOf(data);
  const schedule = { name: 'nightly', namespace: 'prod', spec: { keep: { last, daily: 0, weekly: 0 } } };
  const log = { info: () => undefined, warn: () => undefined };
  const all = new Map(records.map((one) => [one.name, one]));
  const deps = { cluster, jobs: { list: () => objects }, records: { pushedAll: () => all, put: () => undefined }, runtime: { log } }; // prettier-ignore
  await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never);
  return cluster.removed;
}

describe('retention', () => {
  const [old, newest] = [run(1), run(5)];
  const data = [madeBy(old), madeBy(newest)];
  const objects = [objectOf(old), objectOf(newest)];

  it('removes what its rule does not keep', async () => {
    expect(await removedOf({ records: [old, newest], objects })).toEqual(['data-1']);
  });

  it('removes nothing for records alone', async () => {
    expect(await removedOf({ records: [old, newest] })).toEqual([]);
  });

  it('does not remove the newest backup for an older record that names its data', async () => {
    const forged = run(2, { volumeSnapshots: [{ volume: 'data', name: jobObjectName(job(2)), uid: 'data-5' }] });
    expect(await removedOf({ records: [newest, forged, old], data, objects })).toEqual(['data-1']);
  });

  it('does not remove it for the record of an older run that names its object', async () => {
    const forged = run(2, { uid: newest.uid, volumeSnapshots: newest.volumeSnapshots });
    expect(await removedOf({ records: [newest, forged, old], data, objects })).toEqual(['data-1']);
  });

  it.each([
    { because: 'data that is not there', more: [] },
    { because: 'an object without its labels', more: [{ ...madeBy(run(9)), metadata: { ...madeBy(run(9)).metadata, labels: {} } }] },
    { because: 'data without a proof', more: [madeBy(run(9))] },
  ])('does not count a newer record that names $because', async ({ more }) => {
    expect(await removedOf({ records: [old, newest, run(9)], data: [...data, ...more], objects })).toEqual(['data-1']);
  }); // prettier-ignore

  const LIES = [
    { because: 'ended long ago', forged: { endedAt: '2020-01-01T00:00:00Z' } },
    { because: 'ended only now', forged: { endedAt: '2030-01-01T00:00:00Z' } },
    { because: 'did not end at any time', forged: { endedAt: undefined } },
    { because: 'has no proof', forged: { manifestSha256: undefined } },
    { because: 'has failed', forged: { phase: 'Failed' } as const },
  ];

  it.each([...LIES, { because: 'has no data', forged: { volumeSnapshots: undefined } }])(
    'believes the object of a backup, not a record that says that it $because',
    async ({ forged }) => {
      const middle = run(3);
      const all = { data: [...data, madeBy(middle)], objects: [...objects, objectOf(middle)] };
      expect(await removedOf({ records: [old, middle, { ...newest, ...forged }], ...all })).toEqual([
        'data-1',
        'data-3',
      ]);
      expect(await removedOf({ records: [{ ...old, ...forged }, middle, newest], ...all })).toEqual([
        'data-1',
        'data-3',
      ]);
    },
  );

  it.each(LIES)('believes the data of a backup without an object, not a record that says that it $because', async ({ forged }) => {
    const others = [run(2), run(3), run(6)];
    const known = others.map(objectOf);
    const early = await removedOf({ records: [{ ...newest, ...forged }, ...others], objects: known, last: 2 });
    expect(early).toEqual(['data-2']);
    const late = await removedOf({ records: [{ ...old, ...forged }, ...others], objects: known, last: 2 });
    expect(late.toSorted()).toEqual(['data-1', 'data-2']);
  }); // prettier-ignore

  it('asks once for each record without an object when its data was made', async () => {
    const records = [run(4), run(7)];
    let asked = 0;
    const counting = { ...clusterOf([]), get: async () => await Promise.resolve(void asked++) };
    const all = new Map(records.map((one) => [one.name, one]));
    const schedule = { name: 'nightly', namespace: 'prod', spec: { keep: { last: 1, daily: 0, weekly: 0 } } };
    const deps = { cluster: counting, jobs: { list: () => [] }, records: { pushedAll: () => all }, runtime: {} };
    for (const _turn of [1, 2]) await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never);
    expect(asked).toBe(2);
  });

  it('does not touch the data of a Backup that works', async () => {
    const { status: _status, ...object } = objectOf(old);
    const working = { ...object, status: { phase: 'Working' } };
    expect(await removedOf({ records: [old, newest], objects: [working, objectOf(newest)] })).toEqual([]);
  });

  it('counts backups as gone, and continues, where the cluster has no VolumeSnapshots any more', async () => {
    const cluster = { get: notServed, remove: notServed };
    const all = new Map([old, newest].map((one) => [one.name, one]));
    const schedule = { name: 'nightly', namespace: 'prod', spec: { keep: { last: 1, daily: 0, weekly: 0 } } };
    const records = { pushedAll: () => all, put: () => undefined };
    const deps = { cluster, jobs: { list: () => objects }, records, runtime: { log: { info: () => undefined } } };
    expect(await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never)).toBe(false);
  });
});

function objectOf({ kind, namespace, name, uid, endedAt, manifestSha256, volumeSnapshots }: JobRecord) {
  const status = { phase: 'Complete', endTime: endedAt, manifestSha256, files: 1, bytes: 1, volumeSnapshots };
  return { apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { namespace, name, uid }, spec: {}, status };
}

it.each([
  { because: 'as its object says', forged: {}, isRecorded: true },
  { because: 'not as a record that says that it ended before', forged: { endedAt: '2026-01-01T00:00:00Z' }, isRecorded: false },
  { because: 'as its record says once its object is gone', forged: {}, isRecorded: true, isGone: true },
])('a Retention removed a backup from a location: $because', async ({ forged, isRecorded, isGone = false }) => {
  const objectStorage = { location: 'offsite', repository: 'demo/prod/a', snapshot: 'b'.repeat(64) };
  const stored = run(isRecorded ? 2 : 4, { volumeSnapshots: undefined, objectStorage, nodes: ['a'] });
  const { metadata, ...object } = objectOf(stored);
  const backup = { ...object, metadata, status: { ...object.status, objectStorage, targets: [managedTarget('a')] } };
  const spec = { node: 'a', schedule: 'nightly', destination: { objectStorage: { name: 'offsite' } } };
  const status = { phase: 'Complete', startTime: '2026-01-03T00:00:00Z', endTime: '2026-01-03T01:00:00Z', works: [{ snapshotsLeft: [] }] };
  const retained = { kind: 'Retention', metadata: { name: 'keep', namespace: 'prod', uid: 'keep' }, spec, status };
  const put: JobRecord[] = [];
  const records = { pushedAll: () => new Map([['x', { ...stored, ...forged }]]), put: (one: JobRecord) => void put.push(one) };
  const deps = { cluster: clusterOf([]), jobs: { list: () => (isGone ? [retained] : [backup, retained]) }, records, runtime: { log: { info: () => undefined } } };
  const schedule = { name: 'nightly', namespace: 'prod', metadata: { name: 'nightly', namespace: 'prod' } };
  expect(await recordRemovals([schedule] as never, deps as never)).toBe(isRecorded);
  expect(put.map(({ dataRemoved }) => dataRemoved)).toEqual(isRecorded ? ['removed by Retention prod/keep'] : []);
}); // prettier-ignore

const job = (day: number) => ({ kind: 'Backup', namespace: 'prod', name: run(day).name, uid: run(day).uid ?? '' });

async function notServed(): Promise<never> {
  return await Promise.reject(new KubeError('NOT_SERVED', 'not served'));
}

describe('a Restore', () => {
  const record = run(1);

  it('finds what the job of the record made', async () => {
    expect(await missingIn(record, [madeBy(record)])).toEqual([]);
  });

  it.each([
    { because: 'of another backup', forged: run(1, { volumeSnapshots: run(5).volumeSnapshots }), objects: [madeBy(run(5))] },
    { because: 'without labels', forged: record, objects: [{ ...madeBy(record), metadata: { ...madeBy(record).metadata, labels: {} } }] },
    { because: 'when the record names no job', forged: run(1, { uid: undefined }), objects: [madeBy(record)] },
  ])('does not read a VolumeSnapshot $because', async ({ forged, objects }) => {
    expect(await missingIn(forged, objects)).toHaveLength(1);
  }); // prettier-ignore

  it('does not read a PVC that the job of the record did not make', async () => {
    const metadata = { name: 'data-b-0', namespace: 'prod', uid: 'u' };
    const forged = run(1, { volumeSnapshots: undefined, claimName: 'data-b-0', claimUid: 'u' });
    const cluster = clusterOf([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata }]);
    expect(sourceOf(forged, await liveData(forged, cluster)).pvcPresent).toBe(false);
  });

  async function missingIn(forged: JobRecord, objects: readonly KubeObject[]): Promise<readonly string[] | undefined> {
    return sourceOf(forged, await liveData(forged, clusterOf(objects))).missingSnapshots;
  }
});

it('a Backup ends although the cluster has no VolumeSnapshots any more', async () => {
  const status = { phase: 'Complete', targets: [{ volumes: [{ name: 'data', claim: 'data-a-0' }] }] };
  const spec = { node: 'a', destination: { volumeSnapshot: {} } };
  const backup = { apiVersion: 'x', kind: 'Backup', metadata: { name: 'one', namespace: 'prod', uid: 'u' }, spec, status }; // prettier-ignore
  expect((await observeMade(backup as never, false, { cluster: { get: notServed, list: notServed } }))?.size).toBe(0);
});

it('data is removed by retention only with the labels of the job in its record', () => {
  const record = run(1);
  const live = madeBy(record);
  expect(whyForeign(record, 'data-1', live)).toBeUndefined();
  expect(whyForeign(record, 'data-2', live)).toContain('UID');
  for (const label of ['app.kubernetes.io/managed-by', 'validatoros.com/job', 'validatoros.com/job-uid']) {
    const labels = { ...live.metadata.labels, [label]: 'other' };
    expect(whyForeign(record, 'data-1', { ...live, metadata: { ...live.metadata, labels } })).toContain('labels');
  }
});
