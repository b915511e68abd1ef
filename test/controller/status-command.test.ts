// `nodewright status` against a cluster with nodes and one-shot jobs, and against a status branch.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, FIELD_MANAGER, LABEL } from '../../src/api/group.ts';
import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published } from './harness.ts';
import { startProcess } from './process.ts';

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

async function given(
  kind: string,
  name: string,
  { spec, status }: { readonly spec: object; readonly status: object },
): Promise<void> {
  const { cluster, namespace, executor } = fleet;
  const head = { apiVersion: API_VERSION, kind };
  const metadata = { name, namespace, labels: { [LABEL.executor]: executor, [LABEL.managedBy]: 'nodewright' } };
  await cluster.create({ ...head, metadata, spec: { ...spec, executor } });
  const owner = { fieldManager: FIELD_MANAGER, force: true };
  await cluster.applyStatus({ ...head, metadata: { name, namespace }, status }, owner);
}

/** As a controller does every two seconds. */
async function renewLease(): Promise<void> {
  const { cluster, namespace, executor } = fleet;
  const spec = { holderIdentity: 'pod-a', renewTime: new Date().toISOString().replace('Z', '000Z') };
  const metadata = { name: `nodewright-${executor}`, namespace };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  await cluster.apply(lease, { fieldManager: 'pod-a', force: true });
}

async function status(...options: readonly string[]): Promise<CommandResult> {
  const { kubeconfig, executor, namespace } = fleet;
  const args = ['--kubeconfig', kubeconfig, '--executor', executor, '--namespace', namespace];
  return await runCommand(process.execPath, [MAIN, 'status', ...args, ...options], { accept: [0, 1, 2] });
}

it('shows a controller without nodes, also when no executor is named', async () => {
  const { kubeconfig, executor, namespace } = fleet;
  await renewLease();
  const args = ['--kubeconfig', kubeconfig, '--namespace', namespace];
  const { stdout } = await runCommand(process.execPath, [MAIN, 'status', ...args], { accept: [0, 1] });
  expect(stdout).toMatch(new RegExp(`^${executor} +Alive +pod-a`, 'm'));
  const { cluster } = fleet;
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: `nodewright-${executor}`, namespace };
  await cluster.remove(lease, { uid: (await cluster.get(lease))?.metadata.uid ?? '', propagation: 'Background' });
});

it('shows nodes and jobs of one controller; its code is that of the nodes while the controller works', async () => {
  const { namespace } = fleet;
  const storage = { data: { size: '1Gi' } };
  const stopped = { chain: 'ethereum', network: 'dev', clients: { el: { name: 'geth' } }, desiredState: 'Stopped' };
  await given('BlockchainNode', 'n0', { spec: { ...stopped, storage }, status: { phase: 'Stopped' } });
  await given('Backup', 'nightly', {
    spec: { node: 'n0' },
    status: { phase: 'Complete', node: 'n0', height: 7, message: 'copied' },
  });
  await given('Restore', 'back', {
    spec: { node: 'n0', backup: 'nightly' },
    status: { phase: 'Held', node: 'n0', paused: ['n0'] },
  });
  const missing = await status();
  expect(missing.stdout).toMatch(/^warning: whether the controller .* there is no Lease/);
  expect(missing.code).toBe(1);
  await renewLease();
  const { code, stdout } = await status();
  expect(stdout).toMatch(new RegExp(`^${namespace}/n0 +ethereum +dev +Stopped`, 'm'));
  expect(stdout).toMatch(
    new RegExp(
      `^Restore ${namespace}/back +n0 +Held +- +\\d+s\nBackup ${namespace}/nightly +n0 +Complete +7 +\\d+s +copied$`,
      'm',
    ),
  );
  expect(code).toBe(0);
  await renewLease();
  expect(JSON.parse((await status('--format', 'json')).stdout)).toMatchObject({
    controllers: [{ executor: fleet.executor, state: 'Alive', holder: 'pod-a' }],
    nodes: [{ node: `${namespace}/n0`, chain: 'ethereum', status: { phase: 'Stopped' } }],
    jobs: [
      { job: `Backup ${namespace}/nightly`, spec: { node: 'n0' }, status: { phase: 'Complete', height: 7 } },
      { job: `Restore ${namespace}/back`, spec: { backup: 'nightly' }, status: { phase: 'Held' } },
    ],
  });
  await given('BlockchainNode', 'n1', {
    spec: { ...stopped, desiredState: 'Running', storage },
    status: { phase: 'Error' },
  });
  await renewLease();
  expect((await status()).code).toBe(1);
});

it('says that a killed controller is dead, and that a branch without news may be old', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  await fleet.close();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  const process = await startProcess(fleet);
  try {
    await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
    await waitFor('the node is published as stopped', () =>
      fleet.statusFile(`nodes/${fleet.namespace}/n0.yaml`)?.includes('phase: Stopped'),
    );
    const alive = await status();
    expect(alive.stdout).toMatch(new RegExp(`^${fleet.executor} +Alive`, 'm'));
    expect(alive.code).toBe(0);
    const recent = await status('--from-repo', fleet.url);
    expect(recent.stdout).toMatch(new RegExp(`^${fleet.executor} +Synced +\\d{4}-\\d\\d-\\d\\dT`, 'm'));
    expect(recent.code).toBe(0);
    await process.kill();
    const dead = await waitFor(
      'it is dead',
      async () => {
        const result = await status();
        return result.stdout.includes('is dead') ? result : undefined;
      },
      60_000,
    );
    expect(dead.code).toBe(1);
    const old = await status('--from-repo', fleet.url, '--max-age', '1s');
    expect(old.stdout).toMatch(/^warning: the controller of executor .* committed last \d+s ago/m);
    expect(old.code).toBe(1);
  } finally {
    await process.cleanUp();
  }
});
