// A controller that is given another repository: what does not descend from the applied commit is held as a whole.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, published, publishedAsSeen, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 3 });
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await running.stop();
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

it('holds every action of a repository with an unrelated history', async () => {
  const before = tipOf(fleet.repo, BRANCH) ?? '';
  const files = {
    'fleet.yaml': fleet.fleetFile(),
    'nodes/n0.yaml': fleet.nodeFile('n0'),
    'nodes/n1.yaml': fleet.nodeFile('n1'),
  };
  const commit = fleet.commit(files, { parent: 'none', replaceAll: true });
  running = await runController(fleet, { settings: { origin: 'https://git.example/other.git' } });
  await publishedAsSeen(fleet, running, commit);
  await idleFor(running, 1000);
  expect([...(await fleet.nodes()).keys()].sort()).toEqual(['n0', 'n1', 'n2']);
  const sync = fleet.statusFile('sync.yaml');
  expect(sync).toContain('guard: Rewritten');
  expect(sync).toContain(`applied: ${BRANCH}@sha1:${before}`);
});
