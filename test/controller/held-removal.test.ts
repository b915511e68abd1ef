// A commit that empties the tree takes the file of a waiting job with it: the job says that this is not followed yet.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { REQUESTS_MEANWHILE } from '../../src/plan/hold-text.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFleet } from './fleet.ts';
import { prepare, publishedAsSeen, runController } from './harness.ts';

it('says so in its message and in the summary, and no longer once the commit is undone', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  // Stopped from the beginning: the job waits for volumes.
  const fleet = await startFleet({ kubeconfig, nodes: 2 });
  await prepare(fleet);
  const running = await runController(fleet);
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  await waitFor('the nodes', async () => (await fleet.nodes()).size === 2);
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'waits' }, spec: { node: 'n0' } };
  const request = { 'jobs/waits.yaml': JSON.stringify(file) };
  const { namespace, cluster } = fleet;
  const status = async (): Promise<JobStatus> =>
    Object((await cluster.get({ apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'waits' }))?.['status']);
  const saysGone = async (): Promise<boolean> =>
    (await status()).message?.includes('its file jobs/waits.yaml is gone, but the branch was moved or emptied') === true;
  fleet.commit(request);
  running.controller.requestSync();
  await waitFor('the Backup waits', async () => (await status()).message?.includes('never ran'));
  expect(await saysGone()).toBe(false);

  const emptied = { 'nodes/n0.yaml': null, 'nodes/n1.yaml': null, 'jobs/waits.yaml': null };
  await publishedAsSeen(fleet, running, fleet.commit(emptied));
  await waitFor('the Backup says that its file is gone', saysGone);
  expect(await status()).toMatchObject({ phase: 'Claimed' });
  await waitFor('the summary says it', () => fleet.statusFile('sync.yaml')?.replaceAll(/\s+/g, ' ').includes(REQUESTS_MEANWHILE));
  expect((await fleet.nodes()).size).toBe(2);

  const undone = { 'nodes/n0.yaml': fleet.nodeFile('n0'), 'nodes/n1.yaml': fleet.nodeFile('n1'), ...request };
  await publishedAsSeen(fleet, running, fleet.commit(undone));
  await waitFor('the Backup waits as before', async () => !(await saysGone()));
  expect(await status()).toMatchObject({ phase: 'Claimed' });
}); // prettier-ignore
