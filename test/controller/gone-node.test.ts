// A job that waits when its node is deleted ends, and says why.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFleet } from './fleet.ts';
import { prepare, published, runController } from './harness.ts';

it('a Backup and a Restore that wait for a node end when its file and its object are gone', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  // Stopped from the beginning: without volumes there is nothing to copy yet, and a job waits for them.
  const fleet = await startFleet({ kubeconfig, nodes: 4 });
  await prepare(fleet);
  const running = await runController(fleet);
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  await waitFor('the nodes', async () => (await fleet.nodes()).size === 4);
  const file = (kind: string, spec: object): string =>
    JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name: 'waits' }, spec: { node: 'n1', ...spec } });
  fleet.commit({
    'jobs/backup.yaml': file('Backup', {}),
    'jobs/restore.yaml': file('Restore', { backup: 'waits' }),
  });
  running.controller.requestSync();
  const statusOf = async (kind: string): Promise<Readonly<Record<string, unknown>>> =>
    Object(
      (await fleet.cluster.get({ apiVersion: API_VERSION, kind, namespace: fleet.namespace, name: 'waits' }))?.[
        'status'
      ],
    );
  await waitFor('the Backup waits for volumes', async () =>
    String((await statusOf('Backup'))['message']).includes('never ran'),
  );
  await waitFor('the Restore waits for the Backup', async () =>
    String((await statusOf('Restore'))['message']).includes('waits for Backup'),
  );

  await published(fleet, running, fleet.commit({ 'nodes/n1.yaml': null }));
  const refused = {
    phase: 'Refused',
    reason: 'NodeMissing',
    message: expect.stringMatching(/^BlockchainNode n1 was deleted, and no file declares it/),
  };
  for (const kind of ['Backup', 'Restore']) {
    await waitFor(`the ${kind} ends`, async () => (await statusOf(kind))['phase'] === 'Refused');
    expect(await statusOf(kind)).toMatchObject(refused);
    const path = `jobs/${kind.toLowerCase()}/${fleet.namespace}/waits.yaml`;
    await waitFor('its record says so', () => fleet.statusFile(path)?.includes('reason: NodeMissing'));
  }
});
