// The object of a job that was made with kubectl and not by a file: nothing is done, and it is said.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

/** Makes a Backup by hand. */
async function make(name: string): Promise<KubeObject> {
  const metadata = { name, namespace: fleet.namespace };
  return await fleet.cluster.create({ apiVersion: API_VERSION, kind: 'Backup', metadata, spec: { node: 'n0' } });
}

async function saidOf(made: KubeObject): Promise<KubeObject> {
  return await waitFor('an Event about it', async () => {
    const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
    return events.find((event) => JSON.stringify(event['involvedObject']).includes(made.metadata.uid ?? ''));
  });
}

it('an object that no file asks for does nothing, and an Event says what to do', async () => {
  const made = await make('by-hand');
  const said = await saidOf(made);
  expect(said['reason']).toBe('NotFromGit');
  expect(said['message']).toContain('Commit it as a file in jobs/');
  const { apiVersion, kind, metadata } = made;
  const live = await fleet.cluster.get({ apiVersion, kind, namespace: fleet.namespace, name: metadata.name });
  expect(live?.['status']).toEqual({ observedGeneration: -1 });
});

it('one that is there before the records are read too', async () => {
  await running.stop();
  const made = await make('early');
  running = await runController(fleet);
  expect((await saidOf(made))['reason']).toBe('NotFromGit');
});
