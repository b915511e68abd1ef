// Who deletes the object of a job under way, without its finalizer, and its Lease, does not start a node on half-done work.

import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { ANNOTATION } from '../../src/api/group.ts';
import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt, textsAt, valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';
import { losingJobs, type LosingJobs, NOTE, PATIENCE_MS, SETTINGS } from './losing-jobs.ts';

let fleet: Fleet;
let running: Running;
let hand: ByHand;
let jobs: LosingJobs;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 4, spec: ['desiredState: Running'] });
  hand = byHand(kubeconfig);
  jobs = losingJobs(fleet, hand, { running: () => [running] });
  await prepare(fleet);
  running = await runController(fleet, SETTINGS);
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const memoryRef = () => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: `nodewright-${fleet.executor}`,
  namespace: fleet.namespace,
});
const workerRef = (name: string) => jobs.ref('Pod', `worker-${name}`);

/** UID of the job, which has stopped its node; a worker pod of it is there. */
async function works(name: string, node: string): Promise<string> {
  const uid = await jobs.stops(name, node);
  const { namespace, ...head } = workerRef(name);
  const metadata = { name: head.name, namespace, labels: { [JOB_UID_LABEL]: uid } };
  await fleet.cluster.create({ apiVersion: head.apiVersion, kind: head.kind, metadata, spec: restrictedPod });
  return uid;
}

async function endWork(name: string): Promise<void> {
  await hand.remove(workerRef(name));
}

async function copyOf(uid: string): Promise<string | undefined> {
  return textsAt(await fleet.cluster.get(memoryRef()), ['data'])[`job.${uid}`];
}

it('the node stays stopped while the worker pod works, no other job gets its lock, and then it is started', async () => {
  const uid = await works('one', 'n0');
  jobs.file('next', 'n0');
  const said = async () => (await jobs.job('next'))?.status?.message;
  await waitFor('another job waits', async () => (await said())?.startsWith('waits for'), PATIENCE_MS);
  await jobs.lose('one', 'n0');
  await hand.patch(jobs.ref('Backup', 'next'), { metadata: { annotations: { look: 'now' } } });
  const holder = async () => textAt(await jobs.lockOf('n0'), ['spec', 'holderIdentity']);
  await waitFor('its lock is there again', async () => (await holder()) === uid, PATIENCE_MS);
  await idleFor(running, 1000).catch(() => undefined);
  expect(await jobs.isStopped('n0')).toBe(true);
  expect((await jobs.job('next'))?.status).toMatchObject({ phase: 'Claimed' });
  await endWork('one');
  await waitFor('the copy is gone', async () => (await copyOf(uid)) === undefined, PATIENCE_MS);
  const next = (await jobs.job('next'))?.metadata.uid;
  await waitFor('the other job has the lock', async () => (await holder()) === next, PATIENCE_MS);
}, 400_000);

it('so it is when the controller was down meanwhile', async () => {
  await works('two', 'n1');
  await running.stop();
  await jobs.lose('two', 'n1');
  running = await runController(fleet, SETTINGS);
  await waitFor('its lock is there again', async () => await jobs.lockOf('n1'), PATIENCE_MS);
  expect(await jobs.isStopped('n1')).toBe(true);
  await endWork('two');
  await jobs.letGo('n1');
  await jobs.runs('n1');
}, 400_000);

async function keptOf(uid: string): Promise<unknown> {
  return JSON.parse(inflateRawSync(Buffer.from((await copyOf(uid)) ?? '', 'base64')).toString('utf8'));
}

/** As a job that changes the data of its node stores it; no other part of the tests can reach that without real data. */
async function storeRisk(uid: string): Promise<void> {
  const kept = await keptOf(uid);
  const status = { ...(valueAt(kept, ['status']) as JobStatus), risk: 'its data is being changed' };
  const text = deflateRawSync(JSON.stringify({ ...(kept as object), status })).toString('base64');
  await hand.patch(memoryRef(), { data: { [`job.${uid}`]: text } });
}

it('a node whose data was being changed stays stopped without its job and its lock until its request is released', async () => {
  const uid = await works('three', 'n2');
  await running.stop();
  await storeRisk(uid);
  await jobs.lose('three', 'n2');
  running = await runController(fleet, SETTINGS);
  await endWork('three');
  await jobs.letGo('n2');
  const isHeld = async () => valueAt(await keptOf(uid), ['status', 'phase']) === 'Held';
  await waitFor('it is recovered, and keeps the node', isHeld, PATIENCE_MS);
  expect(await jobs.noteOn('n2')).toContain('its data is being changed');
  await running.stop();
  await hand.remove(jobs.ref('Lease', lockOfNode('n2')));
  running = await runController(fleet, SETTINGS);
  await waitFor('its lock is there again', async () => await jobs.noteOn('n2'), PATIENCE_MS);
  expect(await jobs.isStopped('n2')).toBe(true);
  const said = async () => JSON.stringify((await fleet.nodes()).get('n2')?.status);
  await waitFor('the node says why', async () => (await said()).includes('whose object was deleted'), PATIENCE_MS);
  const stalled = async () => findCondition((await fleet.nodes()).get('n2')?.status?.conditions, 'Stalled');
  await waitFor('and that no waiting helps', async () => (await stalled())?.reason === 'Paused', PATIENCE_MS);
  expect((await stalled())?.message).toMatch(
    /whose object was deleted while it was under way: .*its data is being changed/,
  );
  jobs.file('three', 'n2', { [ANNOTATION.release]: 'true' });
  await jobs.runs('n2');
  await waitFor('the copy is gone', async () => (await copyOf(uid)) === undefined, PATIENCE_MS);
}, 400_000);

it('a note on its lock that someone edits is put back, and the job continues', async () => {
  await works('four', 'n3');
  const before = (await jobs.noteOn('n3')) ?? '';
  const edited = { ...JSON.parse(before), nodes: [{ ...JSON.parse(before).nodes[0], replicas: 7 }] };
  await hand.patch(jobs.ref('Lease', lockOfNode('n3')), {
    metadata: { annotations: { [NOTE]: JSON.stringify(edited) } },
  });
  await hand.patch(jobs.ref('Backup', 'four'), { metadata: { annotations: { look: 'now' } } });
  await waitFor('it is put back', async () => (await jobs.noteOn('n3')) === before, PATIENCE_MS);
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  expect(events.filter((event) => event['reason'] === 'StatusChanged')).toEqual([]);
}, 400_000);
