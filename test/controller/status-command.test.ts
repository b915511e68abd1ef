// `nodewright status` against a cluster with nodes and one-shot jobs.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, FIELD_MANAGER, LABEL } from '../../src/api/group.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
let fleet: Fleet;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
});
afterAll(async () => {
  await fleet?.close();
});

async function given(kind: string, name: string, spec: object, status: object): Promise<void> {
  const { cluster, namespace, executor } = fleet;
  const head = { apiVersion: API_VERSION, kind };
  const metadata = { name, namespace, labels: { [LABEL.executor]: executor, [LABEL.managedBy]: 'nodewright' } };
  await cluster.create({ ...head, metadata, spec: { ...spec, executor } });
  const owner = { fieldManager: FIELD_MANAGER, force: true };
  await cluster.applyStatus({ ...head, metadata: { name, namespace }, status }, owner);
}

const status = async (...options: readonly string[]) =>
  await runCommand(
    process.execPath,
    [MAIN, 'status', '--kubeconfig', fleet.kubeconfig, '--executor', fleet.executor, ...options],
    { accept: [0, 1, 2] },
  );

it('shows nodes and jobs of one controller; its code is that of the nodes', async () => {
  const { namespace } = fleet;
  const storage = { data: { size: '1Gi' } };
  const stopped = { chain: 'ethereum', network: 'dev', clients: { el: { name: 'geth' } }, desiredState: 'Stopped' };
  await given('BlockchainNode', 'n0', { ...stopped, storage }, { phase: 'Stopped' });
  await given('Backup', 'nightly', { node: 'n0' }, { phase: 'Complete', node: 'n0', height: 7, message: 'copied' });
  await given('Restore', 'back', { node: 'n0', backup: 'nightly' }, { phase: 'Held', node: 'n0', holds: ['n0'] });
  const { code, stdout } = await status();
  expect(stdout).toMatch(new RegExp(`^${namespace}/n0 +ethereum +dev +Stopped`, 'm'));
  expect(stdout).toMatch(
    new RegExp(
      `^Restore ${namespace}/back +n0 +Held +- +\\d+s\nBackup ${namespace}/nightly +n0 +Complete +7 +\\d+s +copied$`,
      'm',
    ),
  );
  expect(code).toBe(0);
  expect(JSON.parse((await status('--format', 'json')).stdout)).toMatchObject({
    nodes: [{ node: `${namespace}/n0`, chain: 'ethereum', status: { phase: 'Stopped' } }],
    jobs: [
      { job: `Backup ${namespace}/nightly`, spec: { node: 'n0' }, status: { phase: 'Complete', height: 7 } },
      { job: `Restore ${namespace}/back`, spec: { backup: 'nightly' }, status: { phase: 'Held' } },
    ],
  });
  await given('BlockchainNode', 'n1', { ...stopped, desiredState: 'Running', storage }, { phase: 'Error' });
  expect((await status()).code).toBe(1);
});
