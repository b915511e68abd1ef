// Two executors with nodes in one namespace: each recovers the locks of its own lost jobs, and leaves those of the other alone.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { testCluster } from '../support/cluster.ts';
import { restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';
import { losingJobs, type LosingJobs, PATIENCE_MS, SETTINGS } from './losing-jobs.ts';

let fleet: Fleet;
let other: Fleet;
let hand: ByHand;
let jobs: LosingJobs;
const running = new Map<Fleet, Running>();
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  other = { ...fleet, executor: `${fleet.executor}-b` };
  hand = byHand(kubeconfig);
  const executorOf = (node: string): string => (node === 'n0' ? fleet : other).executor;
  jobs = losingJobs(fleet, hand, { running: () => [...running.values()], executorOf });
  await prepare(fleet);
  const executors = `executors: [{ name: ${other.executor} }, `;
  const nodes = ['n0', 'n1'].map((node) => [
    `nodes/${node}.yaml`,
    fleet.nodeFile(node, [`executor: ${executorOf(node)}`, 'desiredState: Running']),
  ]);
  fleet.commit({
    'fleet.yaml': fleet.fleetFile().replace('executors: [', executors),
    ...Object.fromEntries(nodes),
  });
  for (const one of [fleet, other]) running.set(one, await runController(one, SETTINGS));
}, 300_000);
afterAll(async () => {
  for (const one of running.values()) await one.stop();
  await fleet?.close();
});

/** A worker Job of the job that was not started yet. */
async function leaveJob(name: string, uid: string): Promise<void> {
  const { apiVersion, kind, namespace } = jobs.ref('Job', name);
  const metadata = { name, namespace, labels: { [JOB_UID_LABEL]: uid } };
  const template = { spec: { restartPolicy: 'Never', ...restrictedPod } };
  await fleet.cluster.create({ apiVersion, kind, metadata, spec: { suspend: true, template } });
}

const workerJob = async (name: string): Promise<KubeObject | undefined> =>
  await fleet.cluster.get(jobs.ref('Job', name));

it('the lock and the worker Jobs of a lost job are left to the controller of its executor', async () => {
  const first = await jobs.stops('first', 'n0');
  const second = await jobs.stops('second', 'n1');
  await leaveJob('of-first', first);
  await leaveJob('of-second', second);
  await running.get(fleet)?.stop();
  running.delete(fleet);
  const before = await jobs.lockOf('n0');
  await jobs.lose('first');
  await jobs.lose('second');
  await jobs.letGo('n1');
  await jobs.runs('n1');
  await waitFor('its own worker Job is removed', async () => (await workerJob('of-second')) === undefined, PATIENCE_MS);
  const [busy] = running.values();
  if (busy !== undefined) await idleFor(busy, 1000);
  expect((await jobs.lockOf('n0'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  expect((await workerJob('of-first'))?.metadata.deletionTimestamp).toBeUndefined();
  expect(await workerJob('of-first')).toBeDefined();

  running.set(fleet, await runController(fleet, SETTINGS));
  await jobs.letGo('n0');
  await jobs.runs('n0');
  await waitFor('now it is removed', async () => (await workerJob('of-first')) === undefined, PATIENCE_MS);
  const isFree = async (): Promise<boolean> => (await jobs.lockOf('n0'))?.['spec'] !== undefined && (await jobs.noteOn('n0')) === undefined; // prettier-ignore
  await waitFor('the lock is free', isFree, PATIENCE_MS);
}, 400_000);
