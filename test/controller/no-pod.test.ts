// Why a node has no pod: the reason stands in Events alone, and the node reports it.

import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  await prepare(fleet);
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await fleet.close();
});

async function said(): Promise<string> {
  const node = (await fleet.nodes()).get('n0');
  const ready = findCondition(node?.status?.conditions, 'Ready');
  return ready?.reason === 'WaitingForPod' ? ready.message : '';
}

it('a quota of no pods is named, and forgotten when it is raised', async () => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none', namespace: fleet.namespace },
    spec: { hard: { pods: '0' } },
  };
  const raise = await byHand(kubeconfig).create(quota);
  running = await runController(fleet);
  const message = await waitFor('the reason is named', async () => named(await said()), 60_000);
  expect(message).toMatch(/cannot create the pod: .*exceeded quota: none/);
  await raise();
  await waitFor('the pod is created', async () => (await said()) === '', 90_000);
});

it('a PriorityClass that does not exist is named', async () => {
  fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['priorityClassName: absent']) });
  running = await runController(fleet, { policy: { priorityClasses: ['absent'] } });
  const message = await waitFor('the reason is named', async () => named(await said()), 60_000);
  expect(message).toMatch(/cannot create the pod: .*PriorityClass.*absent/);
});

function named(message: string): string | undefined {
  return message.includes('cannot create the pod') ? message : undefined;
}
