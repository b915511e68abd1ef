// Events say what has happened: once at each change, also over a restart, and again when it happens again.

import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, published, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 3 });
  await prepare(fleet);
  running = await runController(fleet);
  await phaseIs('n0', 'Stopped');
});
afterEach(async () => {
  await running?.stop();
  await fleet?.close();
});

async function phaseIs(name: string, phase: string): Promise<void> {
  await waitFor(`${name} is ${phase}`, async () => (await fleet.nodes()).get(name)?.status?.phase === phase);
}

async function eventsOf(name: string, reason: string): Promise<readonly KubeObject[]> {
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  return events.filter((event) => event['reason'] === reason && Object(event['involvedObject']).name === name);
}

async function eventOf(name: string, reason: string): Promise<KubeObject> {
  return await waitFor(`an Event ${reason}`, async () => (await eventsOf(name, reason))[0]);
}

async function restart(): Promise<void> {
  await running.stop();
  running = await runController(fleet);
  await waitFor('a plan', () => running.log.some(({ msg }) => msg === 'Read revision'));
  await idleFor(running, 2000);
}

it('a held change and a refused key are said once, not again by a controller that starts', async () => {
  const identity = [`identity: { secretName: absent }`];
  await published(fleet, running, fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', identity) }));
  const missing = await eventOf('n0', 'IdentityMissing');
  fleet.commit({ 'nodes/n1.yaml': null, 'nodes/n2.yaml': null });
  running.controller.requestSync();
  const held = await eventOf('n1', 'DeletionBudget');
  expect(held).toMatchObject({ type: 'Warning', count: 1 });
  expect((await fleet.nodes()).get('n1')?.status?.conditions).toMatchObject([
    { type: 'Ready', status: 'True' },
    { type: 'Reconciling', reason: 'DeletionBudget' },
    { type: 'Unapplied', reason: 'DeletionBudget', message: held['message'] },
  ]);
  await idleFor(running, 2000);
  const before = [await eventsOf('n0', 'IdentityMissing'), await eventsOf('n1', 'DeletionBudget')];
  expect(before).toMatchObject([[missing], [held]]);
  await restart();
  expect([await eventsOf('n0', 'IdentityMissing'), await eventsOf('n1', 'DeletionBudget')]).toEqual(before);
});

it('a state that comes back is the latest Event again', async () => {
  const commit = async (spec?: readonly string[]): Promise<void> =>
    await published(fleet, running, fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', spec) }));
  const said = async (): Promise<number> => Number((await eventOf('n0', 'Stopped'))['count']);
  const first = await said();
  await commit([]);
  await waitFor('n0 starts', async () => (await fleet.nodes()).get('n0')?.status?.phase !== 'Stopped');
  await commit();
  await phaseIs('n0', 'Stopped');
  await waitFor('it is said again', async () => (await said()) > first);
  expect(await said()).toBe(first + 1);
});
