// A pod that lost the label of its node runs on: the node is neither stopped nor waiting for a pod, and its volume is in use.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { LABEL } from '../../src/api/group.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running, work } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const PATIENCE_MS = 120_000;
let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 2, spec: [], guards: { maxDeletions: 5, maxDeletionPercent: 100 } });
  await prepare(fleet);
  running = await runController(fleet);
  await waitFor('the pod runs', async () => textAt(await pod(), ['status', 'phase']) === 'Running', PATIENCE_MS);
  await waitFor('its container is in the status', async () => (await node())?.status?.roles?.[0]?.image, PATIENCE_MS);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const podRef = () => ({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name: 'n0-0' });
const pod = async () => await fleet.cluster.get(podRef());
const node = async () => (await fleet.nodes()).get('n0');

function commit(spec: readonly string[] | null): void {
  fleet.commit({ 'nodes/n0.yaml': spec === null ? null : fleet.nodeFile('n0', spec) });
  running.controller.requestSync();
}

async function says(phase: string): Promise<string> {
  return await waitFor(
    `the node is ${phase} and names the pod`,
    async () => {
      const { status } = (await node()) ?? {};
      const ready = findCondition(status?.conditions, 'Ready');
      return status?.phase === phase && ready?.reason === 'PodUnlabelled'
        ? `${ready.status} ${ready.message}`
        : undefined;
    },
    PATIENCE_MS,
  );
}

const podRequests = (): number =>
  work(running.requests).filter(({ kind, verb }) => kind === 'Pod' && verb === 'get').length;

it('says so of a running node, of a stopped one and of the PVC of a deleted one, until the pod is gone', async () => {
  const { namespace } = fleet;
  const advice = `delete it (kubectl -n ${namespace} delete pod n0-0), or put its labels back (${LABEL.node}=n0`;
  await idleFor(running, 3000);
  expect(podRequests()).toBeLessThan(10);
  await byHand(fleet.kubeconfig).patch(podRef(), { metadata: { labels: { [LABEL.node]: null } } });
  expect(await says('Error')).toContain(`False The pod n0-0 runs without the labels of n0: ${advice}`);
  expect((await node())?.status?.roles).toMatchObject([{ state: 'Error', reason: 'PodUnlabelled' }]);

  commit(['desiredState: Stopped']);
  expect(await says('Stopping')).toContain(advice);
  await waitFor('its file says so', () => fleet.statusFile(`nodes/${namespace}/n0.yaml`)?.includes('PodUnlabelled'));

  commit(null);
  await waitFor('the node is gone', async () => (await node()) === undefined, PATIENCE_MS);
  expect(await pod()).toBeDefined();
  const left = await status();
  expect(left).toContain(
    `the pod n0-0 still runs on it without the labels of n0: delete that first (kubectl -n ${namespace} delete pod n0-0)`,
  );
  expect(left).not.toContain(`-n ${namespace} delete pvc`);

  await byHand(fleet.kubeconfig).remove(podRef());
  await waitFor('the pod is gone', async () => (await pod()) === undefined, PATIENCE_MS);
  expect(await status()).toContain(`kubectl -n ${namespace} delete pvc data-n0-0`);
}, 400_000);

async function status(): Promise<string> {
  const args = ['--kubeconfig', fleet.kubeconfig, '--namespace', fleet.namespace];
  return (await runCommand(process.execPath, [MAIN, 'status', ...args], { accept: [0, 1] })).stdout;
}

it('is Stopped, without further requests, when the pod without its label was deleted', async () => {
  const ref = { ...podRef(), name: 'n1-0' };
  const status = async () => (await fleet.nodes()).get('n1')?.status;
  await waitFor('it runs', async () => (await status())?.roles?.[0]?.image, PATIENCE_MS);
  await byHand(fleet.kubeconfig).patch(ref, { metadata: { labels: { [LABEL.node]: null } } });
  fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1', ['desiredState: Stopped']) });
  running.controller.requestSync();
  const isSaid = async () => findCondition((await status())?.conditions, 'Ready')?.reason === 'PodUnlabelled';
  await waitFor('it is said', isSaid, PATIENCE_MS);
  await byHand(fleet.kubeconfig).remove(ref);
  await waitFor('it is stopped', async () => (await status())?.phase === 'Stopped', PATIENCE_MS);
  const before = podRequests();
  await idleFor(running, 3000);
  expect(podRequests() - before).toBeLessThanOrEqual(1);
  expect(await fleet.cluster.get(ref)).toBeUndefined();
}, 400_000);
