// A job of a node that is stopped on purpose says that it stays so.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFleet } from './fleet.ts';
import { prepare, runController } from './harness.ts';

it.each([
  { kind: 'Backup', says: 'keeps n0 stopped' },
  { kind: 'ChangeOwner', says: 'works on n0, which is stopped' },
])('$kind with action Direct: $says', async ({ kind, says }) => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 1 });
  const { cluster, namespace } = fleet;
  await prepare(fleet);
  await cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-n0-0', namespace, labels: { [LABEL.node]: 'n0' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const running = await runController(fleet);
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  const file = { apiVersion: API_VERSION, kind, metadata: { name: 'direct' }, spec: { node: 'n0', action: 'Direct' } };
  fleet.commit({ 'jobs/direct.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  const isSaid = async (): Promise<boolean> =>
    (await cluster.list(KINDS.Event, { namespace })).some((event) => event['message'] === says);
  await waitFor('an Event says it', isSaid);
  expect(fleet.statusFile('sync.yaml') ?? '').not.toContain('LiveCopy');
});
