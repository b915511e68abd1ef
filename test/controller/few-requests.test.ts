// What the first sync of a fleet costs: each object and each status is written once.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, published, runController, type Running, work } from './harness.ts';

const NODES = 12;
/** Of a stopped node of Ethereum with one client. */
const OBJECTS = { ConfigMap: 1, Service: 2, PodDisruptionBudget: 1, StatefulSet: 1 };

let fleet: Fleet;
let running: Running;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: NODES });
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await idleFor(running, 3000);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

function count(kind: string, verb: string): number {
  return work(running.requests).filter((request) => request.kind === kind && request.verb === verb).length;
}

it('writes each node twice: its spec, and one status', async () => {
  const ready = [...(await fleet.nodes()).values()].filter(({ status }) => status?.phase === 'Stopped');
  expect(ready).toHaveLength(NODES);
  expect(count('BlockchainNode', 'apply')).toBe(2 * NODES);
  expect(count('BlockchainNode', 'get')).toBe(0);
});

it.each(Object.entries(OBJECTS))('writes every %s once', (kind, perNode) => {
  // Of the controller's memory: what is suspended, the revision that is applied, and that the status branch has records.
  const memory = kind === 'ConfigMap' ? 3 : 0;
  expect(count(kind, 'apply')).toBe(perNode * NODES + memory);
  // Twice when the watch has not shown the object yet.
  expect(count(kind, 'get')).toBeLessThanOrEqual(2 * perNode * NODES);
});
