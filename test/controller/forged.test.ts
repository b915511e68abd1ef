// What others may write, the status branch, Leases and objects of a job's name, never makes the controller delete, scale or run
// anything.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import { runName } from '../../src/jobs/requests/schedule.ts';
import { digestOf } from '../../src/lib/hash.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';

const MINUTE = 60_000;
const OLD = 29_000_000 * MINUTE;
const FORGED_RUN = runName('s', OLD + 20 * MINUTE);
const NEWEST = runName('s', OLD + 9 * MINUTE);
/** Of the job whose backup retention may remove. */
const RUN_UID = '11111111-aaaa-4bbb-8ccc-222222222222';

let fleet: Fleet;
let running: Running;
let kubeconfig: string;
let newestClaim = '';
beforeAll(async () => {
  ({ kubeconfigPath: kubeconfig } = await testCluster());
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  await forgeRecords();
  await forgeLease();
  await squat();
  await forgeClaims();
  await forgeStatuses();
  fleet.commit({
    'nodes/running.yaml': fleet.nodeFile('running', ['desiredState: Running']),
    'jobs/broken.yaml': ': [',
    'schedules/s.yaml': scheduleFile(),
    'jobs/clean.yaml': JSON.stringify({
      apiVersion: API_VERSION,
      kind: 'Backup',
      metadata: { name: 'clean' },
      spec: { node: 'n0' },
    }),
  });
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

function scheduleFile(): string {
  const template = { kind: 'Backup', spec: { node: 'n0' } };
  const spec = { schedule: '0 3 * * *', suspend: true, keep: { last: 1 }, template };
  return stringify({ apiVersion: API_VERSION, kind: 'JobSchedule', metadata: { name: 's' }, spec });
}

/** A PVC; its UID. */
async function pvc(name: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
  const { metadata } = await fleet.cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: fleet.namespace, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  });
  return metadata.uid ?? '';
}

/** The PVC that a run of that name creates. */
function claimOf(name: string, uid = RUN_UID): string {
  return jobObjectName({ kind: 'Backup', namespace: fleet.namespace, name, uid });
}

const labelsOf = (claim: string, uid: string) => ({
  [LABEL.managedBy]: 'nodewright',
  [LABEL.job]: claim,
  [JOB_UID_LABEL]: uid,
});

/** The newest backup of the schedule, and the only one whose object is there. */
async function newestRun() {
  const { cluster, namespace, executor } = fleet;
  const head = { apiVersion: API_VERSION, kind: 'Backup' };
  const metadata = { name: NEWEST, namespace };
  const labels = { [LABEL.executor]: executor };
  const { uid = '' } = (await cluster.create({ ...head, metadata: { ...metadata, labels }, spec: { node: 'n0' } }))
    .metadata;
  const claimName = claimOf(NEWEST, uid);
  const claimUid = await pvc(claimName, labelsOf(claimName, uid));
  const endTime = timestamp(Date.now() + MINUTE);
  const status = { phase: 'Complete', endTime, manifestSha256: 'a'.repeat(64), claimName, claimUid };
  await cluster.applyStatus({ ...head, metadata, status }, { fieldManager: 'kubectl', force: true });
  newestClaim = claimName;
  return { name: NEWEST, uid, claimName, claimUid };
}

/** Runs of the schedule, on the status branch before the controller starts. */
async function forgeRecords(): Promise<void> {
  const { namespace, executor, repo } = fleet;
  const name = runName('s', OLD + MINUTE);
  const own = claimOf(name);
  const ownLabels = labelsOf(own, RUN_UID);
  const absent = runName('s', OLD + 10 * MINUTE);
  const bare = runName('s', OLD + 2 * MINUTE);
  const bareClaim = claimOf(bare);
  const records = [
    { name: runName('s', OLD), claimName: 'payroll', claimUid: await pvc('payroll') },
    { name: bare, claimName: bareClaim, claimUid: await pvc(bareClaim) },
    { name: 'by-hand', claimName: 'kept', claimUid: await pvc('kept', { ...ownLabels, [LABEL.job]: 'kept' }) },
    { name, claimName: own, claimUid: await pvc(own, ownLabels) },
    await newestRun(),
    { name: absent, claimName: claimOf(absent), claimUid: 'u-absent' },
  ];
  const files = records.map((record, index) => [
    `${executor}/jobs/backup/${namespace}/${record.name}.yaml`,
    stringify({
      kind: 'Backup',
      namespace,
      executor,
      specDigest: 'sha256:1',
      phase: 'Complete',
      uid: RUN_UID,
      schedule: `${namespace}/s`,
      manifestSha256: 'a'.repeat(64),
      endedAt: `2026-01-0${index + 1}T00:00:00Z`,
      ...record,
    }),
  ]);
  commitFiles(repo, Object.fromEntries(files), { branch: STATUS_BRANCH });
}

const workload = (name: string, kind: 'Deployment' | 'StatefulSet') => ({ apiVersion: 'apps/v1', kind, name });

/** Says that a job that is gone had stopped a node and a Deployment of someone else. */
async function forgeLease(): Promise<void> {
  const { cluster, namespace } = fleet;
  const labels = { app: 'other' };
  await cluster.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'other', namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nodewright.invalid/c:1' }] } },
    },
  });
  const nodes = [
    { node: 'other', workload: workload('other', 'Deployment'), replicas: 3, wasRunning: true },
    { node: 'n0', workload: workload('n0', 'StatefulSet'), replicas: 2, wasRunning: true },
  ];
  const job = `Backup ${namespace}/gone`;
  await cluster.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: lockOfNode('n0'),
      namespace,
      labels: { [LABEL.managedBy]: 'nodewright', [LABEL.component]: 'job-lock' },
      annotations: {
        'validatoros.com/holder': job,
        'validatoros.com/note': JSON.stringify({ uid: 'u3', job, nodes }),
      },
    },
    spec: { holderIdentity: 'u3' },
  });
}

/** An object of the name that a file will have, with a spec that was never merged. */
async function squat(): Promise<void> {
  const metadata = { name: 'clean', namespace: fleet.namespace };
  const spec = { node: 'n0', action: 'StopAndStart', pvcSize: '77Gi' };
  await fleet.cluster.create({ apiVersion: API_VERSION, kind: 'Backup', metadata, spec });
}

/** A run of the suspended schedule, and a request whose file cannot be read: nothing but the branch says that they were claimed. */
async function forgeClaims(): Promise<void> {
  const { namespace, executor, repo, cluster } = fleet;
  const labels = { [LABEL.executor]: executor };
  const metadata = { name: 'of-broken', namespace, labels };
  const made = await cluster.create({ apiVersion: API_VERSION, kind: 'Backup', metadata, spec: { node: 'n0' } });
  const common = { kind: 'Backup', namespace, executor, phase: 'Claimed', commit: 'a'.repeat(40) };
  const specDigest = digestOf({ kind: 'Backup', spec: { node: 'n0' } });
  const records = [
    { ...common, name: FORGED_RUN, specDigest, schedule: `${namespace}/s`, file: 'schedules/s.yaml' },
    { ...common, name: 'of-broken', specDigest, uid: made.metadata.uid, file: 'jobs/broken.yaml' },
  ];
  const files = records.map((record) => [
    `${executor}/jobs/backup/${namespace}/${record.name}.yaml`,
    stringify(record),
  ]);
  commitFiles(repo, Object.fromEntries(files), { branch: STATUS_BRANCH });
}

/** Jobs with a status as the controller would write it: what they would do next needs no claim. */
async function forgeStatuses(): Promise<void> {
  const since = new Date().toISOString();
  const begun = { since, startTime: since, locks: [], paused: [], works: [] };
  const managed = { node: 'n0', workload: workload('n0', 'StatefulSet'), deployMethod: 'managed', chain: 'ethereum' };
  const foreign = { node: 'other', workload: workload('other', 'Deployment'), deployMethod: 'python', chain: 'c' };
  await forgeStatus(
    ['ChangeOwner', 'owner'],
    { node: 'n0', action: 'Direct', image: 'evil.example/x:1' },
    {
      ...begun,
      phase: 'Working',
      targets: [targetOf({ ...managed, volumes: [{ name: 'data', claim: 'payroll' }] })],
    },
  );
  await forgeStatus(
    ['Backup', 'scales'],
    { node: 'other', deployMethod: 'python', chain: 'c' },
    {
      ...begun,
      phase: 'Starting',
      paused: ['other'],
      targets: [targetOf({ ...foreign, replicas: 3 })],
    },
  );
  await forgeStatus(
    ['Backup', 'stops'],
    { node: 'running' },
    {
      ...begun,
      phase: 'Stopping',
      paused: ['running'],
      targets: [targetOf({ ...managed, node: 'running', workload: workload('running', 'StatefulSet') })],
    },
  );
}

function targetOf(facts: object): object {
  return { wasRunning: true, podSelector: { a: 'b' }, volumes: [], uid: 0, gid: 0, ...facts };
}

/** With the label of our executor: as one who may write all of our objects in a namespace, with their status. */
async function forgeStatus([kind, name]: readonly [string, string], spec: object, status: object): Promise<void> {
  const { cluster, namespace, executor } = fleet;
  const head = { apiVersion: API_VERSION, kind };
  await cluster.create({ ...head, metadata: { name, namespace, labels: { [LABEL.executor]: executor } }, spec });
  const object = { ...head, metadata: { name, namespace }, status };
  await cluster.applyStatus(object, { fieldManager: 'kubectl', force: true });
}

const get = async (kind: string, name: string, apiVersion = 'v1'): Promise<KubeObject | undefined> =>
  await fleet.cluster.get({ apiVersion, kind, namespace: fleet.namespace, name });

it('a record on the status branch removes no PVC but the one that the run of the schedule created', async () => {
  const name = runName('s', OLD + MINUTE);
  await waitFor('the backup of the schedule is removed', () =>
    fleet.statusFile(`jobs/backup/${fleet.namespace}/${name}.yaml`)?.includes('dataRemoved'),
  );
  await idleFor(running, 1000);
  for (const kept of ['payroll', 'kept', claimOf(runName('s', OLD + 2 * MINUTE)), newestClaim]) {
    const live = await get('PersistentVolumeClaim', kept);
    expect([kept, live !== undefined, live?.metadata.deletionTimestamp]).toEqual([kept, true, undefined]);
  }
  expect(running.log.map(({ msg }) => msg)).toContain('Keeping object that a record names as a backup');
});

it('a note on a Lease that no record confirms scales nothing, and the lock is free afterwards', async () => {
  await waitFor('the lock is free', async () => {
    const lease = await get('Lease', lockOfNode('n0'), 'coordination.k8s.io/v1');
    return valueAt(lease, ['spec', 'holderIdentity']) !== 'u3';
  });
  await idleFor(running, 1000);
  const replicas = async (kind: string, name: string) =>
    valueAt(await get(kind, name, 'apps/v1'), ['spec', 'replicas']);
  expect(await replicas('Deployment', 'other')).toBe(0);
  expect(await replicas('StatefulSet', 'n0')).toBe(0);
});

it('a claim that only the status branch has makes nothing run', async () => {
  for (const name of [FORGED_RUN, 'of-broken'])
    await waitFor(`${name} has ended`, () =>
      /phase: (Interrupted|Refused)/.test(fleet.statusFile(`jobs/backup/${fleet.namespace}/${name}.yaml`) ?? ''),
    );
  await idleFor(running, 1000);
  expect(await get('Backup', FORGED_RUN, API_VERSION)).toBeUndefined();
  const other = (await get('Backup', 'of-broken', API_VERSION)) as JobObject | undefined;
  expect(['Pending', 'Claimed', 'Refused', 'Interrupted', undefined]).toContain(other?.status?.phase);
});

it('a status that someone else wrote starts no pod, and stops and scales nothing', async () => {
  await waitFor('the node runs', async () => replicasOf(await get('StatefulSet', 'running', 'apps/v1')) === 1);
  for (const job of ['ChangeOwner/owner', 'Backup/scales', 'Backup/stops'])
    await waitFor(`${job} is ignored`, () =>
      running.log.some(
        (line) => line.msg === IGNORED && String(line['job']).endsWith(job.replace('/', `/${fleet.namespace}/`)),
      ),
    );
  await idleFor(running, 1000);
  expect(JSON.stringify(await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace }))).not.toContain('payroll');
  expect(replicasOf(await get('Deployment', 'other', 'apps/v1'))).toBe(0);
  expect(replicasOf(await get('StatefulSet', 'running', 'apps/v1'))).toBe(1);
});

const IGNORED = 'Ignoring a job with a status that this controller did not write';

function replicasOf(object: KubeObject | undefined): unknown {
  return valueAt(object, ['spec', 'replicas']);
}

it('an object with another spec than the merged request never runs; without it the request does', async () => {
  const seen = await waitFor('the object is refused', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('ObjectDiffers') ? text : undefined;
  });
  expect(seen).toContain('jobs/clean.yaml');
  await idleFor(running, 1000);
  const other = (await get('Backup', 'clean', API_VERSION)) as JobObject | undefined;
  expect(['Pending', 'Claimed', undefined]).toContain(other?.status?.phase);
  const record = `jobs/backup/${fleet.namespace}/clean.yaml`;
  expect(fleet.statusFile(record)).not.toContain(other?.metadata.uid);
  await byHand(kubeconfig).remove({
    apiVersion: API_VERSION,
    kind: 'Backup',
    name: 'clean',
    namespace: fleet.namespace,
  });
  await waitFor('the merged request is bound', async () => {
    const own = (await get('Backup', 'clean', API_VERSION)) as JobObject | undefined;
    const uid = own?.metadata.uid;
    return uid !== undefined && uid !== other?.metadata.uid && fleet.statusFile(record)?.includes(`uid: ${uid}`);
  });
});
