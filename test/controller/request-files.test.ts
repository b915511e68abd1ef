// When the file of a request counts as removed: only when a commit removes it, on a branch that went forward.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION, API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { testCluster } from '../support/cluster.ts';
import { moveBranch, tipOf } from '../support/git-repo.ts';
import { heldDigest } from '../support/held-digest.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, publishedAsSeen, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  // So that requests wait, and could be cancelled.
  await fleet.cluster.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: lockOfNode('n0'), namespace: fleet.namespace },
    spec: { holderIdentity: 'another-job' },
  });
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const fileOf = (name: string): string => `jobs/${name}.yaml`;
const textOf = (name: string): string =>
  JSON.stringify({ apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node: 'n0' } });

async function object(name: string): Promise<JobObject | undefined> {
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name };
  return (await fleet.cluster.get(ref)) as JobObject | undefined;
}

async function waiting(name: string): Promise<void> {
  fleet.commit({ [fileOf(name)]: textOf(name) });
  running.controller.requestSync();
  await waitFor(`${name} waits for the lock`, async () =>
    (await object(name))?.status?.message?.includes('another-job'),
  );
}

/** The tip was read, and every reconciler has run since. */
async function seen(): Promise<void> {
  await publishedAsSeen(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await idleFor(running, 1000);
}

it.each([
  { because: 'is no YAML any more', name: 'torn', deed: () => fleet.commit({ [fileOf('torn')]: 'spec: [\n' }) },
  {
    because: 'was taken out together with an error in fleet.yaml',
    name: 'blind',
    deed: () => fleet.commit({ 'fleet.yaml': 'spec: [\n', [fileOf('blind')]: null }),
  },
  {
    because: 'is not there before the branch was moved back',
    name: 'moved',
    deed: () => moveBranch(fleet.repo, BRANCH, `${tipOf(fleet.repo, BRANCH)}~1`),
  },
])('a request continues whose file $because', async ({ name, deed }) => {
  fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
  await waiting(name);
  deed();
  await seen();
  const { status, metadata } = (await object(name)) ?? {};
  expect(status).toMatchObject({ phase: 'Claimed' });
  expect(metadata?.annotations).not.toHaveProperty(ANNOTATION.withdrawn);
  // Now a commit removes it.
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(), [fileOf(name)]: null });
  running.controller.requestSync();
  const record = `jobs/backup/${fleet.namespace}/${name}.yaml`;
  await waitFor(`${name} is cancelled`, () => fleet.statusFile(record)?.includes('phase: Cancelled'));
  expect(fleet.statusFile(record)).toContain('message: its file was removed before work began');
});

it('a new request waits while a moved branch is held, and begins when that is approved', async () => {
  fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
  const files = {
    'fleet.yaml': fleet.fleetFile(),
    [fileOf('later')]: textOf('later'),
    'nodes/n1.yaml': fleet.nodeFile('n1'),
  };
  fleet.commit({ ...files, 'nodes/n0.yaml': fleet.nodeFile('n0') }, { parent: 'none', replaceAll: true });
  running.controller.requestSync();
  const reported = await waitFor('the reason is reported', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('BranchHeld') && text.includes('Rewritten') ? text : undefined;
  });
  await idleFor(running, 1000);
  expect(fleet.statusFile(`jobs/backup/${fleet.namespace}/later.yaml`)).toBeUndefined();
  expect(await object('later')).toBeUndefined();
  const digest = heldDigest(reported);
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
  running.controller.requestSync();
  await waitFor('it waits for the lock', async () => (await object('later'))?.status?.message?.includes('another-job'));
  expect((await fleet.nodes()).has('n1')).toBe(true);
});
