// A controller that starts repairs nothing that no one has changed, of a node of any chain.

import { expect, it, onTestFinished } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { cometDev, gethDev, nodeFile } from '../pods/node-file.ts';
import { BRANCH, startFleet } from './fleet.ts';
import { idleFor, prepare, published, runController, work } from './harness.ts';

const bitcoin = {
  chain: 'bitcoin',
  network: 'regtest',
  clients: { node: { name: 'bitcoind', version: '29.0' } },
  storage: { data: { size: '1Gi' } },
};

it('writes no object of a node of any chain at a restart, and counts no repair', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
  let running = await runController(fleet);
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  const nodes = { geth: gethDev, comet: { ...cometDev, nodeType: 'full' }, bitcoin };
  const files = Object.entries(nodes).map(([name, spec]) => [`nodes/${name}.yaml`, nodeFile(name, spec)]);
  await published(fleet, running, fleet.commit(Object.fromEntries(files)));
  await waitFor(
    'the pods run',
    async () => (await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace })).length === 3,
  );
  await idleFor(running, 2000);
  for (let restart = 0; restart < 3; restart++) {
    await running.stop();
    running = await runController(fleet);
    await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
    await idleFor(running, 2000);
    const owned = new Set(['StatefulSet', 'Service', 'ConfigMap', 'PodDisruptionBudget']);
    expect(work(running.requests).filter(({ verb, kind }) => verb !== 'get' && owned.has(kind))).toEqual([]);
    expect(running.log.filter(({ msg }) => msg === 'Repaired object' || msg === 'Applying object')).toEqual([]);
    expect(await running.metrics()).not.toMatch(/^nodewright_repairs_total\{.*\} [1-9]/m);
  }
});
