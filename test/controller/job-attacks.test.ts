// Those who may write statuses, objects and the status branch, at the moments at which it would help most: before a job is bound,
// while the controller is down, and all the time.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { digestOfObject } from '../../src/jobs/kinds/index.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';

const PATIENCE_MS = 120_000;
const FINALIZER = 'nodewright.test/keep';
/** Jobs stay in the phase Stopping as long as the tests take. */
const SETTINGS = { settings: { stopDeadlineMs: 3_600_000 } };

let fleet: Fleet;
let running: Running;
let hand: ByHand;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 4, spec: ['desiredState: Running'] });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet, SETTINGS);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const ref = (name: string) => ({ apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name });
const podOf = (node: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name: `${node}-0` });
const record = (name: string) => `jobs/backup/${fleet.namespace}/${name}.yaml`;

async function job(name: string): Promise<JobObject | undefined> {
  return (await fleet.cluster.get(ref(name))) as JobObject | undefined;
}

async function runs(node: string): Promise<string> {
  const live = await waitFor(`${node} runs`, async () => await fleet.cluster.get(podOf(node)), PATIENCE_MS);
  return live.metadata.uid ?? '';
}

/** Merges a Backup of the node. */
function request(name: string, node: string): void {
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node } };
  fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(file) });
  running.controller.requestSync();
}

/** What someone makes under the name of a request. */
async function squat(name: string, spec: Readonly<Record<string, unknown>>): Promise<JobObject> {
  const { executor, namespace } = fleet;
  const metadata = { name, namespace, labels: { [LABEL.executor]: executor } };
  const object = { apiVersion: API_VERSION, kind: 'Backup', metadata, spec: { executor, ...spec } };
  return (await fleet.cluster.create(object)) as JobObject;
}

async function forge(name: string, status: object, fieldManager = 'someone'): Promise<void> {
  const { metadata } = (await job(name)) ?? {};
  const { namespace, ...head } = { ...ref(name) };
  const object = {
    apiVersion: head.apiVersion,
    kind: head.kind,
    metadata: { name, namespace, uid: metadata?.uid ?? '' },
  };
  await fleet.cluster.applyStatus({ ...object, status }, { fieldManager, force: true });
}

async function workerJobs(): Promise<readonly string[]> {
  const jobs = await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace });
  return jobs.map(({ metadata }) => metadata.name);
}

async function changedStatuses(): Promise<readonly string[]> {
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  return events.filter((event) => event['reason'] === 'StatusChanged').map((event) => JSON.stringify(event));
}

const AT = '2026-11-30T00:00:00Z';
const DONE = { name: 'w', node: 'n0', attempt: 1, intentAt: AT, uid: 'u', endedAt: AT, outcome: 'Succeeded', files: 1 };

it('a status that was there before the binding says nothing of the work', async () => {
  await runs('n0');
  await squat('pre', { node: 'n0' });
  await forge('pre', { phase: 'Pending', works: [{ ...DONE, manifestSha256: 'a'.repeat(64) }], released: ['n0'] });
  request('pre', 'n0');
  await waitFor(
    'its work begins',
    async () => (await workerJobs()).some((name) => name.startsWith('backup-pre')),
    PATIENCE_MS,
  );
  expect((await job('pre'))?.status?.works?.[0]?.name).toMatch(/^backup-pre-/);
  await waitFor('an Event says so', async () => (await changedStatuses()).length === 1, PATIENCE_MS);
}, 300_000);

it('an object with another spec than the file runs not even when the record says that it is the claimed one', async () => {
  const before = await runs('n1');
  const made = await squat('spec', { node: 'n1', pvcSize: '77Gi' });
  request('spec', 'n2');
  await waitFor('it is refused', () => fleet.statusFile('sync.yaml')?.includes('ObjectDiffers'), PATIENCE_MS);
  await running.stop();
  const digest = digestOfObject({ kind: 'Backup', spec: made.spec }) ?? '';
  const forged = (fleet.statusFile(record('spec')) ?? '').replace(/objectDigest: .*/, `objectDigest: ${digest}`);
  expect(forged).toContain(digest);
  commitFiles(fleet.repo, { [`${fleet.executor}/${record('spec')}`]: forged }, { branch: STATUS_BRANCH });
  running = await runController(fleet, SETTINGS);
  await waitFor('the branch was read', () => fleet.statusFile('sync.yaml')?.includes('ObjectDiffers'), PATIENCE_MS);
  await idleFor(running, 1000);
  expect([undefined, 'Pending', 'Claimed', 'Refused']).toContain((await job('spec'))?.status?.phase);
  expect(await runs('n1')).toBe(before);
}, 300_000);

it('a request that ran does not run again for an object that someone made when its record was gone', async () => {
  await runs('n3');
  request('twice', 'n3');
  await waitFor(
    'it works',
    async () => (await workerJobs()).some((name) => name.startsWith('backup-twice')),
    PATIENCE_MS,
  );
  await running.stop();
  const { spec = {} } = (await job('twice')) ?? {};
  commitFiles(fleet.repo, { [`${fleet.executor}/${record('twice')}`]: null }, { branch: STATUS_BRANCH });
  await hand.patch({ ...ref('twice') }, { metadata: { finalizers: null } });
  await hand.remove(ref('twice'));
  await waitFor('it is gone', async () => (await job('twice')) === undefined, PATIENCE_MS);
  const { metadata } = await squat('twice', spec);
  running = await runController(fleet, SETTINGS);
  await waitFor('it is refused', () => fleet.statusFile('sync.yaml')?.includes('RecordLost'), PATIENCE_MS);
  await idleFor(running, 1000);
  const now = await job('twice');
  expect(now?.metadata.uid).toBe(metadata.uid);
  expect([undefined, 'Pending']).toContain(now?.status?.phase);
}, 300_000);

it('a status that is rewritten all the time does not stop its job', async () => {
  const { cluster } = fleet;
  await runs('n2');
  await cluster.patch(podOf('n2'), [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }]);
  request('loop', 'n2');
  await waitFor('it stops the node', async () => (await job('loop'))?.status?.phase === 'Stopping', PATIENCE_MS);
  const end = new AbortController();
  let writes = 0;
  const attacker = async (name: string): Promise<void> => {
    while (!end.signal.aborted) {
      const status: JobStatus = { notes: [`${name} ${++writes}`], phase: 'Claimed' };
      await forge('loop', status, name).catch(() => undefined);
    }
  };
  const attackers = ['someone', 'another', 'third'].map(attacker);
  await waitFor('they write', () => writes > 20, PATIENCE_MS);
  await cluster.patch(podOf('n2'), [{ op: 'remove', path: '/metadata/finalizers' }]);
  await waitFor(
    'it works',
    async () => (await workerJobs()).some((name) => name.startsWith('backup-loop')),
    PATIENCE_MS,
  );
  end.abort();
  await Promise.all(attackers);
  expect((await job('loop'))?.status?.targets?.[0]?.node).toBe('n2');
}, 300_000);

it('jobs that are merged together give no false alarm', async () => {
  const before = (await changedStatuses()).length;
  const names = Array.from({ length: 60 }, (_, index) => `many-${index}`);
  const file = (name: string) =>
    JSON.stringify({ apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node: 'n0' } });
  fleet.commit(Object.fromEntries(names.map((name) => [`jobs/${name}.yaml`, file(name)])));
  running.controller.requestSync();
  const isBound = (name: string): boolean => fleet.statusFile(record(name))?.includes('uid:') === true;
  await waitFor('all are bound', () => names.every(isBound), PATIENCE_MS);
  expect(await changedStatuses()).toHaveLength(before);
}, 300_000);
