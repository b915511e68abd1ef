// A node that a job keeps stopped is started when both copies of the status say so, not when only its object does.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';

const PATIENCE_MS = 120_000;

let api: PrivateApiServer;
let proxy: FaultProxy;
let fleet: Fleet;
let running: Running;
let hand: ByHand;
beforeAll(async () => {
  api = await privateApiServer();
  proxy = await faultProxy(api.url, api.certificates);
  const kubeconfig = await api.kubeconfig('admin');
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: ['desiredState: Running'] });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet, { kubeconfig: await api.kubeconfig('admin', proxy.url) });
}, 300_000);
afterAll(async () => {
  proxy.rule = () => undefined;
  await running?.stop();
  await fleet?.close();
  await proxy?.stop();
  await api?.stop();
});

const place = () => ({ namespace: fleet.namespace });
const lock = () => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  name: lockOfNode('n0'),
  ...place(),
});

async function replicas(): Promise<unknown> {
  const set = await fleet.cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'n0', ...place() });
  return valueAt(set, ['spec', 'replicas']);
}

async function job(): Promise<JobObject | undefined> {
  const found = await fleet.cluster.get({ apiVersion: API_VERSION, kind: 'Backup', name: 'one', ...place() });
  return found as JobObject | undefined;
}

/** No controller of Kubernetes runs here: what a StatefulSet would make. */
async function makePvc(): Promise<void> {
  await fleet.cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-n0-0', ...place(), labels: { [LABEL.node]: 'n0' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** The job loses its lock to another one before its work, and waits for it with the node stopped. */
async function waitsForLock(): Promise<void> {
  await waitFor('the node is to run', async () => (await replicas()) === 1, PATIENCE_MS);
  await makePvc();
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'one' }, spec: { node: 'n0' } };
  fleet.commit({ 'jobs/one.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  await waitFor('the node is stopped', async () => (await replicas()) === 0, PATIENCE_MS);
  await hand.patch(lock(), { spec: { holderIdentity: 'someone' } });
  await waitFor('the job waits', async () => (await job())?.status?.phase === 'Starting', PATIENCE_MS);
}

it('is not started while the copy in the memory cannot be written, and then it is', async () => {
  await waitsForLock();
  const memory = `/configmaps/nodewright-${fleet.executor}`;
  let isNoted = false;
  // What is stored once the job has its lock again and has noted what it will start, is that the node may run.
  proxy.rule = ({ method, path }) => {
    isNoted ||= method === 'PUT' && path.endsWith(`/leases/${lock().name}`);
    return isNoted && method === 'PATCH' && path.endsWith(memory) ? { do: 'hang' } : undefined;
  };
  await hand.remove(lock());
  const isReleased = async () => (await job())?.status?.released?.includes('n0');
  await waitFor('its object says that the node may run', isReleased, PATIENCE_MS);
  await idleFor(running, 1000);
  expect(await replicas()).toBe(0);
  proxy.rule = () => undefined;
  proxy.resetAll();
  await waitFor('it runs', async () => (await replicas()) === 1, PATIENCE_MS);
}, 400_000);
