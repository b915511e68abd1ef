// Records of backups that someone else wrote to the status branch, and objects that someone else put in the place of a backup:
// none makes retention remove another backup, or a Restore read other data.

import { describe, expect, it } from 'vitest';

import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { applyRetention } from '../../src/controller/job/retention.ts';
import { liveData } from '../../src/controller/job/storage/live-data.ts';
import { observeMade } from '../../src/controller/job/storage/observe-made.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { sourceOf } from '../../src/jobs/requests/restore-source.ts';
import { resultLabels } from '../../src/jobs/task/result-pvc.ts';
import { KubeError } from '../../src/kube/kube-error.ts';

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

/** The VolumeSnapshot that the job of the record made. */
function madeBy({ kind, namespace, name, uid = '', volumeSnapshots = [] }: JobRecord): KubeObject {
  const labels = resultLabels({ kind, namespace, name, uid }, 'a');
  const [made] = volumeSnapshots;
  return {
    apiVersion: API,
    kind: 'VolumeSnapshot',
    metadata: { name: made?.name ?? '', namespace, uid: made?.uid ?? '', labels },
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

/** UIDs of the VolumeSnapshots that a rule of one backup removes. */
async function removedOf(
  records: readonly JobRecord[],
  objects: readonly KubeObject[],
  jobs: readonly object[] = [],
): Promise<readonly string[]> {
  const cluster = clusterOf(objects);
  const schedule = { name: 'nightly', namespace: 'prod', spec: { keep: { last: 1, daily: 0, weekly: 0 } } };
  const log = { info: () => undefined, warn: () => undefined };
  const all = new Map(records.map((one) => [one.name, one]));
  const deps = { cluster, jobs: { list: () => jobs }, records: { pushedAll: () => all, put: () => undefined }, runtime: { log } }; // prettier-ignore
  await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never);
  return cluster.removed;
}

describe('retention', () => {
  const [old, newest] = [run(1), run(5)];
  const live = [madeBy(old), madeBy(newest)];

  it('removes what its rule does not keep', async () => {
    expect(await removedOf([old, newest], live)).toEqual(['data-1']);
  });

  it('does not remove the newest backup for an older record that names its data', async () => {
    const forged = run(2, { volumeSnapshots: [{ volume: 'data', name: jobObjectName(job(2)), uid: 'data-5' }] });
    expect(await removedOf([newest, forged, old], live)).toEqual(['data-1']);
  });

  it.each([
    { because: 'data that is not there', objects: live },
    { because: 'an object without its labels', objects: [...live, { ...madeBy(run(9)), metadata: { ...madeBy(run(9)).metadata, labels: {} } }] },
  ])('does not count a newer record that names $because', async ({ objects }) => {
    expect(await removedOf([old, newest, run(9)], objects)).toEqual(['data-1']);
  }); // prettier-ignore

  it.each([
    { because: 'ended long ago', forged: { endedAt: '2020-01-01T00:00:00Z' } },
    { because: 'has no proof', forged: { manifestSha256: undefined } },
    { because: 'has failed', forged: { phase: 'Failed' } as const },
  ])('believes the object of the newest backup, not a record that says that it $because', async ({ forged }) => {
    const jobs = [old, newest].map(objectOf);
    const middle = run(3);
    const all = [...live, madeBy(middle)];
    expect(await removedOf([old, middle, { ...newest, ...forged }], all, jobs)).toEqual(['data-1', 'data-3']);
  });

  it('does not touch the data of a Backup that works', async () => {
    const { status: _status, ...object } = objectOf(old);
    const jobs = [{ ...object, status: { phase: 'Working' } }, objectOf(newest)];
    expect(await removedOf([old, newest], live, jobs)).toEqual([]);
  });

  it('counts backups as gone, and continues, where the cluster has no VolumeSnapshots any more', async () => {
    const cluster = { get: notServed, remove: notServed };
    const all = new Map([old, newest].map((one) => [one.name, one]));
    const schedule = { name: 'nightly', namespace: 'prod', spec: { keep: { last: 1, daily: 0, weekly: 0 } } };
    const records = { pushedAll: () => all, put: () => undefined };
    const deps = { cluster, jobs: { list: () => [] }, records, runtime: { log: { info: () => undefined } } };
    expect(await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never)).toBe(false);
  });
});

function objectOf({ kind, namespace, name, uid, endedAt, manifestSha256, volumeSnapshots }: JobRecord) {
  const status = { phase: 'Complete', endTime: endedAt, manifestSha256, files: 1, bytes: 1, volumeSnapshots };
  return { apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { namespace, name, uid }, spec: {}, status };
}

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
