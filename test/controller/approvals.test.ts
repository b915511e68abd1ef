// What became of an approval is said: that it was carried out, and that it releases nothing.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';

import { KINDS } from '../../src/kube/kinds.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, STATUS_BRANCH, startFleet } from './fleet.ts';
import { prepare, published, publishedAsSeen, runController, type Running } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const ALL = ['n0', 'n1', 'n2', 'n3'];
const GONE = { 'nodes/n0.yaml': null, 'nodes/n1.yaml': null };

let kubeconfig: string;
let fleet: Fleet;
let running: Running;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: ALL.length });
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
});
afterEach(async () => {
  await running.stop();
  await fleet.close();
});

const approving = (digest: string): string =>
  fleet.fleetFile(['approvals:', `  - digest: ${digest}`, '    reason: retired']);

interface Sync {
  readonly held?: { readonly digest: string; readonly actions: readonly object[] };
  readonly approvals?: readonly object[];
  readonly problems: { readonly list: readonly { readonly code: string; readonly message: string }[] };
}

const sync = (): Sync => parse(fleet.statusFile('sync.yaml') ?? 'problems: { list: [] }') as Sync;
const codes = (): readonly string[] => sync().problems.list.map(({ code }) => code);

/** Deletes two nodes, which is held; gives the digest. */
async function heldDeletion(): Promise<string> {
  await publishedAsSeen(fleet, running, fleet.commit(GONE));
  return await waitFor('the digest is on the status branch', () => sync().held?.digest);
}

async function events(): Promise<readonly string[]> {
  const found = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  return found.filter(({ reason }) => reason === 'ApprovalCarriedOut').map(({ message }) => String(message));
}

const AGAINST_CLUSTER = (): readonly string[] => [
  '--kubeconfig',
  kubeconfig,
  '--own-namespace',
  fleet.namespace,
  '--executor',
  fleet.executor,
];
const BY_STATUS_BRANCH = ['--from', 'HEAD', '--status-from', `refs/remotes/origin/${STATUS_BRANCH}`];

/** Of a clone, as an author has it. */
async function plan(options: readonly string[], fleetFile?: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  git(fleet.repo, ['clone', '-q', '-b', BRANCH, fleet.repo, folder]);
  if (fleetFile !== undefined) writeFileSync(join(folder, 'fleet.yaml'), fleetFile);
  const args = [MAIN, 'plan', folder, '--namespace', fleet.namespace, ...options];
  const { stdout } = await runCommand(process.execPath, args, { accept: [0, 1] });
  return stdout;
}

it('that was carried out is said so in an Event, on the status branch and in the plan, also after a restart', async () => {
  const digest = await heldDeletion();
  await published(fleet, running, fleet.commit({ 'fleet.yaml': approving(digest) }));
  await waitFor('both are gone', async () => [...(await fleet.nodes()).keys()].sort().join() === 'n2,n3');
  const { namespace } = fleet;
  const what = `delete BlockchainNode ${namespace}/n0, delete BlockchainNode ${namespace}/n1`;
  const said = `the approval ${digest} was carried out: ${what}. Remove it from spec.approvals: while it stays, it releases the same actions again.`;
  await waitFor('an Event', async () => (await events()).includes(said));
  const carriedOut = { digest, reason: 'retired', state: 'CarriedOut', what, at: expect.stringMatching(/^\d{4}-.*Z$/) };
  await waitFor('the status branch', () => codes().includes('ApprovalCarriedOut'));
  expect(sync().approvals).toEqual([carriedOut]);

  await running.stop();
  running = await runController(fleet);
  await published(fleet, running, fleet.commit({ 'nodes/n4.yaml': fleet.nodeFile('n4') }));
  expect(sync().approvals).toEqual([carriedOut]);
  expect(await events()).toEqual([said]);
  for (const options of [AGAINST_CLUSTER(), BY_STATUS_BRANCH])
    expect(await plan(options)).toMatch(
      new RegExp(`the approval ${digest} was carried out at \\S+: ${what}\\. Remove it`),
    );

  await published(fleet, running, fleet.commit({ 'fleet.yaml': fleet.fleetFile() }));
  await waitFor('nothing is said any more', () => sync().approvals === undefined && codes().length === 0);
}, 240_000);

it('whose held actions are gone is named as unused, with the advice to remove it', async () => {
  const digest = await heldDeletion();
  const files = { 'nodes/n0.yaml': fleet.nodeFile('n0'), 'nodes/n1.yaml': fleet.nodeFile('n1') };
  await published(fleet, running, fleet.commit({ ...files, 'fleet.yaml': approving(digest) }));
  await waitFor('it is named', () => codes().includes('UnusedApproval'));
  expect(sync().problems.list[0]?.message).toMatch(
    new RegExp(`^the approval ${digest} releases nothing, and no action is held\\. Remove it from spec\\.approvals: `),
  );
  expect(sync().approvals).toEqual([{ digest, reason: 'retired', state: 'Unused' }]);
  expect(await events()).toEqual([]);
  expect([...(await fleet.nodes()).keys()].sort()).toEqual(ALL);
  for (const options of [AGAINST_CLUSTER(), BY_STATUS_BRANCH])
    expect(await plan(options)).toContain(`the approval ${digest} releases nothing, and no action is held. Remove it`);
}, 240_000);

it('of its own pull request is planned as what it releases, by the status branch, and does that when it is merged', async () => {
  const digest = await heldDeletion();
  const { namespace, executor } = fleet;
  const what = `delete BlockchainNode ${namespace}/n0, delete BlockchainNode ${namespace}/n1`;
  const planned = await plan(BY_STATUS_BRANCH, approving(digest));
  expect(planned).toContain(`! releases what ${executor} holds: ${what}\n    approved in fleet.yaml: retired\n`);
  expect(planned).toContain(': 2 held actions to release');
  expect(planned).not.toMatch(/nothing to do|UnusedApproval/);
  await published(fleet, running, fleet.commit({ 'fleet.yaml': approving(digest) }));
  await waitFor('both are gone', async () => [...(await fleet.nodes()).keys()].sort().join() === 'n2,n3');
}, 240_000);

it('of a move releases no deletion of the same nodes, and has the same digest in the plan', async () => {
  const listing = (more: readonly string[] = []): string =>
    fleet.fleetFile(more).replace('executors: [', 'executors: [{ name: elsewhere }, ');
  const moved = fleet.nodeFile('n0', ['desiredState: Stopped', 'executor: elsewhere']);
  const both = { 'nodes/n0.yaml': moved, 'nodes/n1.yaml': moved.replace('name: n0', 'name: n1') };
  const before = tipOf(fleet.repo, BRANCH) ?? '';
  const after = fleet.commit({ ...both, 'fleet.yaml': listing() });
  await publishedAsSeen(fleet, running, after);
  const digest = await waitFor('the digest is on the status branch', () => sync().held?.digest);
  expect(sync().held?.actions).toMatchObject([
    { action: `move BlockchainNode ${fleet.namespace}/n0 to executor elsewhere` },
    { action: `move BlockchainNode ${fleet.namespace}/n1 to executor elsewhere` },
  ]);
  expect(await plan(['--from', before, '--executor', fleet.executor])).toContain(`Held actions: ${digest}\n`);

  const revision = fleet.commit({ ...GONE, 'fleet.yaml': listing(['approvals:', `  - digest: ${digest}`]) });
  const isSeen = (): boolean => fleet.statusFile('sync.yaml')?.includes(revision) === true;
  await waitFor('the deletion is held', () => isSeen() && sync().held !== undefined && sync().held?.digest !== digest);
  expect(sync().held?.actions).toMatchObject([
    { action: `delete BlockchainNode ${fleet.namespace}/n0` },
    { action: `delete BlockchainNode ${fleet.namespace}/n1` },
  ]);
  expect([...(await fleet.nodes()).keys()].sort()).toEqual(ALL);
}, 240_000);
