// A node that an approval takes over has a pod already: it is asked from then on, as every node.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { testCluster } from '../support/cluster.ts';
import { heldDigest } from '../support/held-digest.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

it('is asked after the approval, although nothing of its pod changes', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  onTestFinished(async () => await fleet.close());
  await prepare(fleet);
  let asked = 0;
  const run = async (): Promise<Running> => {
    const ask = async () => await Promise.resolve((asked++, new Map()));
    const running = await runController(fleet, { ports: { asker: { ...createAsker(), ask } } });
    onTestFinished(async () => await running.stop());
    return running;
  };
  const first = await run();
  await waitFor('its pod runs and is asked', () => asked > 0, 120_000);
  await first.stop();
  const node = { apiVersion: API_VERSION, kind: 'BlockchainNode', namespace: fleet.namespace, name: 'n0' };
  const [own, other] = [fleet.executor, `other-${fleet.executor}`];
  await byHand(kubeconfig).patch(node, {
    metadata: { labels: { [LABEL.executor]: other } },
    spec: { executor: other },
  });

  asked = 0;
  await run();
  const digest = await waitFor('the take-over is held', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('guard: NotOurs') ? heldDigest(text) : undefined;
  });
  expect(asked).toBe(0);
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
  await waitFor('it is taken over', async () => (await fleet.nodes()).get('n0')?.spec.executor === own);
  await waitFor('it is asked', () => asked > 1);
});
