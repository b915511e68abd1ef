// A memory without room for more jobs: requests wait, and nothing fails.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, published, runController, type Running } from './harness.ts';

const PATIENCE_MS = 120_000;

let fleet: Fleet;
let running: Running;
let hand: ByHand;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const ref = (name: string) => ({ apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name });

/** Takes room in the memory while the controller is down. */
async function restartWith(pad: string | null): Promise<void> {
  await running.stop();
  const { namespace, executor } = fleet;
  const memory = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `nodewright-${executor}` };
  await hand.patch(memory, { data: { pad } });
  running = await runController(fleet);
}

it('a request waits while the memory is full, and runs when there is room', async () => {
  await restartWith('x'.repeat(850_000));
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'late' }, spec: { node: 'n0' } };
  fleet.commit({ 'jobs/late.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  await waitFor('it waits', () => fleet.statusFile('sync.yaml')?.includes('MemoryFull'), PATIENCE_MS);
  await idleFor(running, 1000);
  expect(await fleet.cluster.get(ref('late'))).toBeUndefined();
  expect(fleet.statusFile(`jobs/backup/${fleet.namespace}/late.yaml`)).toBeUndefined();
  await restartWith(null);
  await waitFor('it runs', async () => await fleet.cluster.get(ref('late')), PATIENCE_MS);
  await waitFor('nothing is wrong', () => fleet.statusFile('sync.yaml')?.includes('MemoryFull') === false, PATIENCE_MS);
}, 400_000);
