// Commands on what Nodewright runs itself: nothing of it is adopted, and status names executors and their nodes as they are.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published } from './harness.ts';
import { type Process, startProcess } from './process.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
let fleet: Fleet;
let controller: Process;

beforeAll(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 2 });
  await prepare(fleet);
  controller = await startProcess(fleet);
  await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
});
afterAll(async () => {
  await controller?.cleanUp();
  await fleet?.close();
});

async function nodewright(...args: readonly string[]): Promise<CommandResult> {
  return await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1, 2], timeoutMs: 60_000 });
}

it('adopt refuses a StatefulSet and a PVC of a node that Nodewright runs', async () => {
  const { namespace, kubeconfig } = fleet;
  const set = { ...KINDS.StatefulSet, namespace, name: 'n0' };
  await waitFor('the StatefulSet', async () => (await fleet.cluster.get(set)) !== undefined);
  for (const object of ['statefulset/n0', 'pvc/data-n0-0']) {
    const { stdout, code } = await nodewright('adopt', object, '--namespace', namespace, '--kubeconfig', kubeconfig);
    expect(stdout).toBe(`${object} is already the node ${namespace}/n0\n`);
    expect(code).toBe(1);
  }
});

it('status of a branch refuses an executor that is not on it, and names those that are', async () => {
  const { stderr, code } = await nodewright('status', '--from-repo', fleet.url, '--executor', 'prdo');
  expect(stderr).toContain(`no executor prdo on this branch; it has ${fleet.executor}`);
  expect(code).toBe(2);
});

it('status says of an executor that was renamed that its nodes stay until what is held is approved', async () => {
  const { executor, namespace, kubeconfig } = fleet;
  fleet.commit({ 'fleet.yaml': fleet.fleetFile().replaceAll(executor, 'renamed') });
  const text = `the controller of executor ${executor} is not in spec.executors any more; its 2 nodes stay until what is held is approved: `;
  await waitFor(
    'it is said',
    async () => {
      const { stdout } = await nodewright(
        'status',
        '--namespace',
        namespace,
        '--kubeconfig',
        kubeconfig,
        '--executor',
        executor,
      );
      return stdout.includes(text);
    },
    60_000,
  );
  expect([...(await fleet.nodes()).keys()].sort()).toEqual(['n0', 'n1']);
});
