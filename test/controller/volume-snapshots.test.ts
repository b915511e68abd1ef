// Backups in VolumeSnapshots against the real definitions. The test plays the snapshot controller and the CSI driver, by the
// documented fields: status.error, status.readyToUse, status.boundVolumeSnapshotContentName.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { API_VERSION } from '../../src/api/group.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { applyRetention } from '../../src/controller/job/retention.ts';
import { claimsFrom, volumeSnapshots } from '../../src/jobs/kinds/volume-snapshots.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { resultLabels } from '../../src/jobs/task/result-pvc.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { PROVISIONER } from '../cluster/storage-classes.ts';
import { type PrivateCluster, privateCluster } from '../support/cluster.ts';
import { managedTarget } from '../jobs/support/fixtures.ts';
import { snapshotDefinitions } from '../support/snapshot-definitions.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const PATIENCE_MS = 180_000;
const SNAPSHOT = 'snapshot.storage.k8s.io/v1';

let cluster: PrivateCluster;
let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  cluster = await privateCluster('snapshots');
  fleet = await startFleet({ kubeconfig: cluster.kubeconfigPath, nodes: 0 });
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', []) }));
  await waitFor('the pod of n0', async () => (await get('v1', 'Pod', 'n0-0'))?.metadata.uid, PATIENCE_MS);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
  await cluster?.down();
});

async function get(apiVersion: string, kind: string, name: string): Promise<KubeObject | undefined> {
  return await fleet.cluster.get({ apiVersion, kind, namespace: fleet.namespace, name });
}

function file(name: string, volumeSnapshot: object): void {
  const spec = { node: 'n0', destination: { volumeSnapshot } };
  const document = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec };
  fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(document) });
  running.controller.requestSync();
}

async function status(name: string, what: string, fact: (status: JobStatus) => boolean): Promise<JobStatus> {
  return await waitFor(
    `Backup ${name} ${what}`,
    async () => {
      const found = ((await get(API_VERSION, 'Backup', name)) as { readonly status?: JobStatus } | undefined)?.status;
      return found !== undefined && fact(found) && found;
    },
    PATIENCE_MS,
  );
}

const isRefused = ({ phase }: JobStatus): boolean => phase === 'Refused';

it('is refused while the node runs in a cluster without VolumeSnapshots, and the capabilities say so', async () => {
  const uid = (await get('v1', 'Pod', 'n0-0'))?.metadata.uid;
  file('none', {});
  expect(await status('none', 'is refused', isRefused)).toMatchObject({
    reason: 'SnapshotsUnavailable',
    message: expect.stringContaining('the cluster has no VolumeSnapshots. Install the CRDs'),
  });
  expect((await get('v1', 'Pod', 'n0-0'))?.metadata.uid).toBe(uid);
  expect(parse(fleet.statusFile('capabilities.yaml') ?? '')).toMatchObject({ snapshotClasses: [] });
}, 400_000);

it('is refused with a class that does not exist or is of another driver, and without a default class', async () => {
  for (const definition of await snapshotDefinitions()) await fleet.cluster.create(definition);
  await waitFor('the definitions are served', async () => (await fleet.cluster.list(KINDS.VolumeSnapshotClass).catch(() => undefined)) !== undefined, PATIENCE_MS); // prettier-ignore
  await fleet.cluster.create(classOf('other', 'csi.example'));
  file('unknown', { className: 'missing' });
  file('wrong', { className: 'other' });
  const unknown = await status('unknown', 'is refused', isRefused);
  expect(unknown.message).toContain('the cluster has no VolumeSnapshotClass missing. It has: other (csi.example)');
  const wrong = await status('wrong', 'is refused', isRefused);
  expect(wrong.message).toContain(
    `no VolumeSnapshotClass is of ${PROVISIONER}, which made the volume of the PVC data-n0-0`,
  );
  await fleet.cluster.create(classOf('snapshots', PROVISIONER));
  file('default', {});
  const { message } = await status('default', 'is refused', isRefused);
  expect(message).toContain(
    `${PROVISIONER} has no default VolumeSnapshotClass. Name one in spec.destination.volumeSnapshot.className: snapshots`,
  );
}, 400_000);

function classOf(name: string, driver: string): KubeObject {
  return { apiVersion: SNAPSHOT, kind: 'VolumeSnapshotClass', metadata: { name }, driver, deletionPolicy: 'Delete' };
}

/** As the CSI driver reports it. */
async function report(snapshot: KubeObject, change: object): Promise<void> {
  const { apiVersion, kind, metadata } = snapshot;
  const { name, namespace = '' } = metadata;
  await fleet.cluster.applyStatus(
    { apiVersion, kind, metadata: { name, namespace }, status: change },
    {
      fieldManager: 'csi-driver',
      force: true,
    },
  );
}

it('is refused while the node runs when something made one of its name before', async () => {
  const uid = (await get('v1', 'Pod', 'n0-0'))?.metadata.uid;
  const hands = byHand(cluster.kubeconfigPath);
  const { namespace } = fleet;
  const lock = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'nodewright-node-n0', namespace };
  await hands.patch(lock, { spec: { holderIdentity: 'someone' } });
  file('early', { className: 'snapshots' });
  await status('early', 'waits for the lock', ({ phase }) => phase === 'Claimed');
  const job = (await get(API_VERSION, 'Backup', 'early'))?.metadata.uid ?? '';
  const identity = { kind: 'Backup', namespace, name: 'early', uid: job };
  const [early] = volumeSnapshots(identity, managedTarget('n0'), { className: 'snapshots' });
  if (early === undefined) throw new Error('nothing is made');
  const remove = await hands.create(early as never);
  await hands.patch(lock, { spec: { holderIdentity: null } });
  const { reason, message } = await status('early', 'is refused', isRefused);
  expect(reason).toBe('ObjectsRefused');
  expect(message).toContain(`a VolumeSnapshot ${early.metadata.name} that this job did not make is there already`);
  expect((await get('v1', 'Pod', 'n0-0'))?.metadata.uid).toBe(uid);
  await remove();
}, 400_000);

it('is made of the stopped node, shows the error of the driver, and is used only when it is ready and on record', async () => {
  file('good', { className: 'snapshots' });
  const snapshot = await waitFor('the VolumeSnapshot', async () => (await fleet.cluster.list(KINDS.VolumeSnapshot, { namespace: fleet.namespace }))[0], PATIENCE_MS); // prettier-ignore
  const live = { ...snapshot, apiVersion: SNAPSHOT, kind: 'VolumeSnapshot' };
  expect(await get('v1', 'Pod', 'n0-0')).toBeUndefined();
  expect(valueAt(live, ['spec', 'source'])).toEqual({ persistentVolumeClaimName: 'data-n0-0' });
  expect(live.metadata.ownerReferences).toBeUndefined();
  expect(
    (await status('good', 'has it on record', ({ made = [] }) => made.some(({ uid: one }) => one !== undefined))).made,
  ).toEqual([{ kind: 'VolumeSnapshot', name: live.metadata.name, uid: live.metadata.uid }]);
  await report(live, { readyToUse: false, error: { message: 'rpc error: the pool is full' } });
  await status('good', 'shows the error', ({ message = '' }) => message.includes('rpc error: the pool is full'));
  expect(await workerJobs(live)).toEqual([]);

  const content = `snapcontent-${live.metadata.uid}`;
  await fleet.cluster.create(contentOf(content, live));
  await fleet.cluster.applyStatus(
    { apiVersion: SNAPSHOT, kind: 'VolumeSnapshotContent', metadata: { name: content }, status: { snapshotHandle: 'handle-7', readyToUse: true } },
    { fieldManager: 'csi-driver', force: true },
  ); // prettier-ignore
  await report(live, { readyToUse: true, boundVolumeSnapshotContentName: content, restoreSize: '1Gi' });
  const { volumeSnapshots } = await status('good', 'records it', (one) => one.volumeSnapshots !== undefined);
  expect(volumeSnapshots).toMatchObject([
    {
      volume: 'data',
      name: live.metadata.name,
      uid: live.metadata.uid,
      className: 'snapshots',
      restoreSize: '1Gi',
      content,
      handle: 'handle-7',
    },
  ]);

  // Simulated pods report nothing, so that nothing proves the backup: it fails, the node runs again, and nothing is left.
  expect(await status('good', 'ends', ({ endTime }) => endTime !== undefined)).toMatchObject({ phase: 'Failed' });
  await waitFor('the pod of n0', async () => await get('v1', 'Pod', 'n0-0'), PATIENCE_MS);
  await waitFor('the VolumeSnapshot is gone', async () => (await get(SNAPSHOT, 'VolumeSnapshot', live.metadata.name)) === undefined, PATIENCE_MS); // prettier-ignore
}, 600_000);

async function workerJobs({ metadata: { labels } }: KubeObject): Promise<readonly KubeObject[]> {
  const labelSelector = `validatoros.com/job-uid=${labels?.['validatoros.com/job-uid']}`;
  return await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace, labelSelector });
}

function contentOf(name: string, { metadata }: KubeObject): KubeObject {
  const volumeSnapshotRef = { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid };
  const spec = {
    deletionPolicy: 'Delete',
    driver: PROVISIONER,
    source: { volumeHandle: 'volume-1' },
    volumeSnapshotRef,
  };
  return { apiVersion: SNAPSHOT, kind: 'VolumeSnapshotContent', metadata: { name }, spec };
}

it('is restored through a PVC that the API server accepts', async () => {
  const job = { kind: 'Restore', namespace: fleet.namespace, name: 'back', uid: '1f0c22aa' };
  const claims = claimsFrom({
    job,
    target: managedTarget('n0'),
    snapshots: [{ volume: 'data', name: 'a', uid: '1', restoreSize: '2Gi' }],
    classes: undefined,
  });
  if ('refused' in claims) throw new Error(claims.message);
  const [created] = await Promise.all(claims.map(async (claim) => await fleet.cluster.create(claim, { dryRun: true })));
  expect(valueAt(created, ['spec', 'dataSourceRef'])).toMatchObject({ kind: 'VolumeSnapshot', name: 'a' });
});

it('is restored through a PVC that goes with the object of the Restore', async () => {
  const { namespace } = fleet;
  const metadata = { name: 'gone', namespace };
  const spec = { node: 'n0', backup: 'x' };
  const { metadata: { uid = '' } } = await fleet.cluster.create({ apiVersion: API_VERSION, kind: 'Restore', metadata, spec });
  const snapshots = [{ volume: 'data', name: 'a', uid: '1' }];
  const claims = claimsFrom({ job: { kind: 'Restore', namespace, name: 'gone', uid }, target: managedTarget('n0'), snapshots, classes: undefined });
  const [claim] = 'refused' in claims ? [] : claims;
  const created = claim && (await fleet.cluster.create(claim));
  expect(created?.metadata.ownerReferences).toMatchObject([{ kind: 'Restore', uid }]);
  await byHand(cluster.kubeconfigPath).remove({ apiVersion: API_VERSION, kind: 'Restore', name: 'gone', namespace });
  await waitFor('the PVC is gone', async () => (await get('v1', 'PersistentVolumeClaim', claim?.metadata.name ?? '')) === undefined, PATIENCE_MS);
}, 400_000); // prettier-ignore

it('is removed by the retention of its schedule alone: not without its labels, and not in another namespace', async () => {
  const runs = await Promise.all([1, 2, 3, 4].map(async (day) => await recordOf(day)));
  const [first, second, third] = runs;
  // One that a user labelled otherwise, and one that a forged record names.
  await byHand(cluster.kubeconfigPath).patch(refOfRun(second), {
    metadata: { labels: { 'validatoros.com/job-uid': 'x' } },
  });
  const elsewhere = { ...third, namespace: 'default' };
  const changed: JobRecord[] = [];
  const all = runs.map((one) => (one === third ? elsewhere : one));
  const records = {
    pushedAll: () => new Map(all.map((one) => [one.name, one])),
    put: (one: JobRecord) => void changed.push(one),
  };
  const schedule = { name: 'nightly', namespace: fleet.namespace, spec: { keep: { last: 1, daily: 0, weekly: 0 } } };
  const log = { info: () => undefined, warn: () => undefined };
  const deps = { cluster: fleet.cluster, jobs: { list: () => runs.map(objectOf) }, records, runtime: { log } };
  await applyRetention({ schedules: [schedule], requests: [] } as never, deps as never);
  expect(
    changed.map(({ name, volumeSnapshots, dataRemoved }) => [name, volumeSnapshots, dataRemoved !== undefined]),
  ).toEqual([[first?.name, undefined, true]]);
  const left = await Promise.all(runs.map(async (one) => (await fleet.cluster.get(refOfRun(one))) !== undefined));
  expect(left).toEqual([false, true, true, true]);
});

/** The object of the run, as its job left it. */
function objectOf({ kind, namespace, name, uid, endedAt, manifestSha256, files, bytes, volumeSnapshots }: JobRecord) {
  const status = { phase: 'Complete', endTime: endedAt, manifestSha256, files, bytes, volumeSnapshots };
  return { kind, metadata: { namespace, name, uid }, spec: {}, status };
}

function refOfRun(record: JobRecord | undefined): Required<Pick<Ref, 'namespace'>> & Ref {
  const name = record?.volumeSnapshots?.[0]?.name ?? '';
  return { apiVersion: SNAPSHOT, kind: 'VolumeSnapshot', namespace: fleet.namespace, name };
}

/** Of a run of the schedule, with its VolumeSnapshot in the cluster. */
async function recordOf(day: number): Promise<JobRecord> {
  const { namespace, executor } = fleet;
  const job = {
    kind: 'Backup',
    namespace,
    name: `nightly-${29_000_000 + day}`,
    uid: `0000000${day}-0000-4000-8000-000000000000`,
  };
  const labels = resultLabels(job, 'n0');
  const name = labels['validatoros.com/job'] ?? '';
  const source = { persistentVolumeClaimName: 'data-n0-0' };
  const made = await fleet.cluster.create({ apiVersion: SNAPSHOT, kind: 'VolumeSnapshot', metadata: { name, namespace, labels }, spec: { source } }); // prettier-ignore
  return {
    ...job, executor, specDigest: 'x', phase: 'Complete', schedule: `${namespace}/nightly`, endedAt: `2026-01-0${day}T00:00:00Z`,
    manifestSha256: 'a'.repeat(64), files: 1, bytes: 1, volumeSnapshots: [{ volume: 'data', name, uid: made.metadata.uid ?? '' }],
  }; // prettier-ignore
}
