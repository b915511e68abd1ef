// Someone else changes the status of a job that is under way: nothing is done to what it names then, and the node comes back.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const PATIENCE_MS = 120_000;
/** Keeps the pod, and with it the job in the phase Stopping. */
const FINALIZER = 'nodewright.test/keep';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: ['desiredState: Running'] });
  await prepare(fleet);
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const backup = () => ({ apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: 'one' });
const pod = () => ({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name: 'n0-0' });

async function job(): Promise<JobObject | undefined> {
  return (await fleet.cluster.get(backup())) as JobObject | undefined;
}

/** Another writer of the status, who knows what the job needs. */
async function lead(claim: string): Promise<void> {
  const { status, metadata } = (await job()) ?? {};
  const targets = status?.targets?.map((target) => ({ ...target, volumes: [{ name: 'data', claim }] }));
  const { namespace, name, ...head } = backup();
  const object = { ...head, metadata: { name, namespace, uid: metadata?.uid ?? '' }, status: { targets } };
  await fleet.cluster.applyStatus(object, { fieldManager: 'someone', force: true });
}

async function isRunning(): Promise<KubeObject> {
  const runs = async (): Promise<KubeObject | undefined> => {
    const live = await fleet.cluster.get(pod());
    return live?.metadata.deletionTimestamp === undefined ? live : undefined;
  };
  return await waitFor('the node runs', runs, PATIENCE_MS);
}

it('does nothing to a PVC that the job does not work on, reports it, and frees the node when the job is deleted', async () => {
  const { cluster, namespace } = fleet;
  const before = await isRunning();
  await cluster.patch(pod(), [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }]);
  await waitFor('its PVC is there', async () =>
    (await cluster.list(KINDS.PersistentVolumeClaim, { namespace })).some(
      ({ metadata }) => metadata.name === 'data-n0-0',
    ),
  );
  fleet.commit({
    'jobs/one.yaml': JSON.stringify({
      apiVersion: API_VERSION,
      kind: 'Backup',
      metadata: { name: 'one' },
      spec: { node: 'n0' },
    }),
  });
  running.controller.requestSync();
  await waitFor('it stops the node', async () => (await job())?.status?.phase === 'Stopping', PATIENCE_MS);
  await lead('payroll');
  const said = await waitFor(
    'an Event says so',
    async () => (await cluster.list(KINDS.Event, { namespace })).find((event) => event['reason'] === 'StatusChanged'),
    PATIENCE_MS,
  );
  expect(said).toMatchObject({ type: 'Warning', involvedObject: { kind: 'Backup', name: 'one' } });
  expect(said['message']).toMatch(
    /^status\.targets names the PVC payroll as its volume data, which n0 does not have: someone else/,
  );

  await cluster.patch(pod(), [{ op: 'remove', path: '/metadata/finalizers' }]);
  await waitFor('the pod is gone', async () => (await cluster.get(pod())) === undefined, PATIENCE_MS);
  const { uid = '' } = (await job())?.metadata ?? {};
  await cluster.remove(backup(), { uid, propagation: 'Background' });
  const after = await isRunning();
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(await job()).toBeUndefined();
  const made = await cluster.list(KINDS.Job, { namespace });
  expect(made.filter((one) => JSON.stringify(valueAt(one, ['spec'])).includes('payroll'))).toEqual([]);
  expect(made).toEqual([]);
}, 600_000);
