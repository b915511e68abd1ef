// A controller that was started with a mistyped executor leaves nothing but its Lease, and that is named with what removes it.

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { LABEL } from '../../src/api/group.ts';
import { refOfMemory } from '../../src/controller/engine/memory.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { controllerLease } from '../../src/kube/lease/holder.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, runController } from './harness.ts';
import { startProcess } from './process.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
let fleet: Fleet;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
});
afterAll(async () => {
  await fleet?.close();
});

async function said(reason: string): Promise<boolean> {
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  return events.some((event) => event['reason'] === reason);
}

function folders(): readonly string[] {
  return tipOf(fleet.repo, STATUS_BRANCH) === undefined
    ? []
    : git(fleet.repo, ['ls-tree', '-d', '--name-only', STATUS_BRANCH]).split('\n');
}

it('an executor that fleet.yaml does not list writes neither a memory nor the status branch, until it is listed', async () => {
  const mistyped = { ...fleet, executor: `${fleet.executor}x` };
  const controller = await startProcess(mistyped);
  onTestFinished(async () => await controller.cleanUp());
  await waitFor('it says so', async () => await said('ExecutorNotListed'), 60_000);
  await waitFor('it has planned', async () => (await controller.probe('/readyz')).status === 200, 60_000);
  expect(await controller.log()).toContain('is not an executor of the Fleet');
  // The status is published within a second of a plan; a listed one does the same.
  const listed = await runController(fleet);
  onTestFinished(async () => await listed.stop());
  await waitFor('the listed one has published', () => fleet.statusFile('sync.yaml')?.includes('state: Synced'));
  expect(folders()).toEqual([fleet.executor]);
  expect(await fleet.cluster.get(refOfMemory(mistyped))).toBeUndefined();

  await controller.stop();
  expect(folders()).toEqual([fleet.executor]);
  expect(await fleet.cluster.get(refOfMemory(mistyped))).toBeUndefined();
  const args = ['status', '--kubeconfig', fleet.kubeconfig, '--namespace', fleet.namespace];
  const { stdout } = await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1] });
  expect(stdout).toContain(`note: the executor ${mistyped.executor} owns no node here`);
  const lease = controllerLease(mistyped.executor, fleet.namespace);
  expect(stdout).toContain(`kubectl -n ${fleet.namespace} delete lease ${lease.name}`);
  expect(stdout).not.toContain(`the executor ${fleet.executor} owns`);

  fleet.commit({ 'fleet.yaml': fleet.fleetFile().replace('executors: [', `executors: [{ name: ${mistyped.executor} }, `) }); // prettier-ignore
  const again = await runController(mistyped);
  onTestFinished(async () => await again.stop());
  await waitFor('it works as any other', () => folders().includes(mistyped.executor));
  await waitFor('it remembers', async () => (await fleet.cluster.get(refOfMemory(mistyped))) !== undefined);
});

it('the PVC of a node that is gone is named, with what removes it', async () => {
  const { namespace, kubeconfig } = fleet;
  await byHand(kubeconfig).create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-gone-0', namespace, labels: { [LABEL.node]: 'gone', [LABEL.chain]: 'ethereum', [LABEL.network]: 'dev' } }, // prettier-ignore
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  } as never);
  const args = ['status', '--kubeconfig', kubeconfig, '--namespace', namespace];
  const { stdout } = await runCommand(process.execPath, [MAIN, ...args, '--format', 'json'], { accept: [0, 1] });
  const { left } = JSON.parse(stdout) as { readonly left: readonly string[] };
  expect(left).toContain(
    `the PVC ${namespace}/data-gone-0 (ethereum/dev, 2Gi) is of the node gone, which is gone. A new node of this name uses it again. If its data is not needed: kubectl -n ${namespace} delete pvc data-gone-0`,
  );
  expect(left.filter((text) => text.includes(`${namespace}/data-n0-0`))).toEqual([]);
});
