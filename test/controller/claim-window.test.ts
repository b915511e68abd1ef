// A controller that ends between the decision to claim a request and the push of the claim: nothing has run, so the next one claims it.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
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

it('a request whose claim was not pushed when the controller ended is claimed by the next one, without an approval', async () => {
  await waitFor('the first state', () => fleet.statusFile('sync.yaml')?.includes('state: Synced'));
  fleet.server.fault = ({ service, method }) =>
    service === 'git-receive-pack' && method === 'POST' ? { do: 'status', status: 503 } : 'pass';
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'one' }, spec: { node: 'n0' } };
  fleet.commit({ 'jobs/one.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  await waitFor('the claim is refused by the server', () =>
    running.log.some((line) => line.msg === 'Reconciliation failed' && line['queue'] === 'publish'),
  );
  expect(running.log.some(({ msg }) => msg === 'Recording job request')).toBe(true);
  await running.stop();
  fleet.server.fault = undefined;
  running = await runController(fleet);
  await waitFor('it is claimed', () => fleet.statusFile(`jobs/backup/${fleet.namespace}/one.yaml`));
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: 'one' };
  await waitFor('its object is made', async () => await fleet.cluster.get(ref));
  expect(fleet.statusFile('sync.yaml')).not.toContain('RecordLost');
});
