// A job has ended when its node runs again: a pod that exists and cannot be placed is no running node.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { startFleet } from './fleet.ts';
import { prepare, published, runController } from './harness.ts';

/** Of Kubernetes. */
const NODE = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false } as const;

it('waits in Starting while the pod of its node is pending, and ends when it runs', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  const { cluster, namespace } = fleet;
  await prepare(fleet);
  const running = await runController(fleet);
  const label = `${namespace}.example.com/room`;
  onTestFinished(async () => {
    await labelMachine(null);
    await running.stop();
    await fleet.close();
  });
  async function labelMachine(value: string | null): Promise<void> {
    const [machine] = await cluster.list(NODE);
    const { apiVersion, kind } = NODE;
    const target = { apiVersion, kind, name: machine?.metadata.name ?? '', namespace: '' };
    await byHand(kubeconfig).patch(target, { metadata: { labels: { [label]: value } } });
  }
  const podPhase = async (): Promise<string | undefined> =>
    textAt(await cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace, name: 'n0-0' }), ['status', 'phase']);
  const job = { apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'b' };
  const jobStatus = async (): Promise<Readonly<Record<string, unknown>>> =>
    Object((await cluster.get(job))?.['status']);
  await waitFor('the pod runs', async () => (await podPhase()) === 'Running');
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'b' }, spec: { node: 'n0' } };
  fleet.commit({ 'jobs/b.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  await waitFor('the node is stopped for the job', async () => Object((await jobStatus())['paused']).length === 1);

  await published(
    fleet,
    running,
    fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', [`nodeSelector: { ${label}: 'yes' }`]) }),
  );
  await waitFor(
    'the pod is made again',
    async () => (await jobStatus())['phase'] === 'Starting' && (await podPhase()) === 'Pending',
    90_000,
  );
  const since = Date.now();
  const looks = (): number =>
    running.requests.filter(({ verb, kind, at }) => verb === 'get' && kind === 'Backup' && at > since).length;
  await waitFor('the job is looked at again and again', () => looks() >= 3);
  expect(await podPhase()).toBe('Pending');
  expect(await jobStatus()).toMatchObject({ phase: 'Starting', message: 'waits until the pod of n0 runs' });

  await labelMachine('yes');
  await waitFor('the job ends', async () => (await jobStatus())['endTime'] !== undefined);
  expect(await podPhase()).toBe('Running');
});
