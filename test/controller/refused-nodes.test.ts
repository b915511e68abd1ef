// The API server refuses the object of a node itself: those who see only the cluster see it, and that it is over.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { API_VERSION } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { deny, RULES } from './deny.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, publishedAsSeen } from './harness.ts';
import { type Process, startProcess } from './process.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
let fleet: Fleet;
let controller: Process;
let allow: (() => Promise<void>) | undefined;

beforeAll(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 2 });
  await prepare(fleet);
  controller = await startProcess(fleet);
  await published(fleet, undefined, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor('all is well', async () => (await status()).code === 0);
});
afterEach(async () => {
  await allow?.();
  allow = undefined;
});
afterAll(async () => {
  await controller?.cleanUp();
  await fleet?.close();
});

async function status(...more: readonly string[]): Promise<CommandResult> {
  const { kubeconfig, executor, namespace } = fleet;
  const args = ['--kubeconfig', kubeconfig, '--executor', executor, '--namespace', namespace, ...more];
  return await runCommand(process.execPath, [MAIN, 'status', ...args], { accept: [0, 1, 2], timeoutMs: 60_000 });
}

async function unapplied(name: string): Promise<object | undefined> {
  return findCondition((await fleet.nodes()).get(name)?.status?.conditions, 'Unapplied');
}

/** Denies changes of the spec, creations and deletions of nodes; the controller may still write statuses. */
async function denyNodes(): Promise<void> {
  const { namespace, cluster } = fleet;
  const [apiGroup = '', version = ''] = API_VERSION.split('/');
  const resources = { apiGroups: [apiGroup], apiVersions: [version], resources: ['blockchainnodes'] };
  allow = await deny(fleet, { ...resources, operations: ['CREATE', 'UPDATE', 'DELETE'], expression: 'false' });
  const probe = {
    apiVersion: API_VERSION,
    kind: 'BlockchainNode',
    metadata: { name: 'probe', namespace },
    spec: { chain: 'ethereum', network: 'dev', clients: { el: { name: 'geth' } }, storage: { data: { size: '1Gi' } } },
  };
  const denied = async (): Promise<boolean> =>
    await cluster.create(probe, { dryRun: true }).then(
      () => false,
      (error: unknown) => String(error).includes(RULES),
    );
  await waitFor('the policy denies', denied);
}

it('a node that cannot be created, changed or deleted: in status, in its conditions and Events', async () => {
  const { namespace } = fleet;
  await denyNodes();
  const commit = fleet.commit({
    'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'restartGeneration: 1']),
    'nodes/n1.yaml': null,
    'nodes/n2.yaml': fleet.nodeFile('n2'),
  });
  await publishedAsSeen(fleet, undefined, commit);
  await waitFor('n0 says it', async () => (await unapplied('n0')) !== undefined);
  await waitFor('n1 says it', async () => (await unapplied('n1')) !== undefined);
  expect(await unapplied('n0')).toMatchObject({
    status: 'True',
    reason: 'ObjectRefused',
    message: expect.stringMatching(new RegExp(`^The API server refused to update the node.*${RULES}`)),
  });
  expect(await unapplied('n1')).toMatchObject({ message: expect.stringMatching(/^The API server refused to delete/) });
  const events = async (): Promise<readonly unknown[]> =>
    (await fleet.cluster.list(KINDS.Event, { namespace })).filter((one) => one['reason'] === 'ObjectRefused');
  await waitFor('both have Events', async () => (await events()).length === 2);
  const seen = await waitFor('status names the node without an object', async () => {
    const result = await status();
    return result.stdout.includes('/n2') ? result : undefined;
  });
  expect(seen.code).toBe(1);
  expect(seen.stdout).toMatch(
    new RegExp(
      `^warning: the controller of executor ${fleet.executor} cannot do all that the desired branch asks for: 3 actions fail and are tried again: `,
      'm',
    ),
  );
  expect(seen.stdout).toMatch(new RegExp(`create BlockchainNode ${namespace}/n2: .*${RULES}`));
  expect(seen.stdout).toMatch(new RegExp(`^${namespace}/n0 .*not applied: The API server refused to update`, 'm'));
  // Nothing was done, however often it was tried.
  expect(fleet.statusFile('sync.yaml')).toMatch(
    /lastApplied:\n {2}created: 2\n {2}deleted: 0\n {2}failed: 0\n {2}updated: 0\n/,
  );

  await allow?.();
  allow = undefined;
  await waitFor('it is carried out', async () => [...(await fleet.nodes()).keys()].join() === 'n0,n2', 60_000);
  await waitFor('n0 is as Git asks', async () => (await unapplied('n0')) === undefined);
  const after = await waitFor('all is well', async () => {
    const result = await status();
    return result.code === 0 ? result : undefined;
  });
  expect(after.stdout).not.toContain('warning');
});

it('a node that alone cannot be created is the only trouble: status does not end 0', async () => {
  await denyNodes();
  await publishedAsSeen(fleet, undefined, fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') }));
  await waitFor('status ends 1', async () => (await status()).code === 1);
  expect(JSON.parse((await status('--format', 'json')).stdout)).toMatchObject({
    controllers: [{ warning: expect.stringContaining(RULES) }],
  });
});
