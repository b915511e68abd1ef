// The loss of one memory is repaired from the other; without both, nothing is destroyed, started or run again unasked.

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Ref } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles, deleteBranch, moveBranch, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand, type Target } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { idleFor, prepare, published, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
let hand: ByHand;
beforeEach(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 3, guards: { maxDeletions: 10, maxDeletionPercent: 100 } });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
});
afterEach(async () => {
  await running.stop();
  await fleet.close();
});

const memory = (): Target => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: fleet.namespace,
  name: `nodewright-${fleet.executor}`,
});

async function stored(): Promise<string> {
  return JSON.stringify((await fleet.cluster.get(memory()))?.['data'] ?? {});
}

async function names(): Promise<readonly string[]> {
  return [...(await fleet.nodes()).keys()].sort();
}

/** A revision that adds n3, applied; then the branch is one commit back, and the controller is down. */
async function movedBack(): Promise<string> {
  const before = tipOf(fleet.repo, BRANCH) ?? '';
  const commit = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
  await published(fleet, running, commit);
  await waitFor('its copy is on the status branch', () => fleet.statusFile('memory.yaml')?.includes(commit));
  await running.stop();
  moveBranch(fleet.repo, BRANCH, before);
  return commit;
}

async function heldBy(guard: string): Promise<string> {
  return await waitFor(`${guard} is on the status branch`, () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes(`guard: ${guard}`) ? /sha256:[0-9a-f]{64}/.exec(text)?.[0] : undefined;
  });
}

it.each([
  { because: 'was deleted', lose: async () => await hand.remove(memory()) },
  {
    because: 'holds something else',
    lose: async () => await hand.patch(memory(), { data: { appliedCommit: 'no commit', identities: '{{' } }),
  },
])(
  'restores a memory that $because from the status branch, and still notices a branch that was moved back',
  async ({ lose }) => {
    const commit = await movedBack();
    await lose();
    running = await runController(fleet);
    await heldBy('MemoryLost');
    await idleFor(running, 1000);
    expect(await names()).toContain('n3');
    expect(await stored()).toContain(commit);
    const sync = fleet.statusFile('sync.yaml') ?? '';
    expect(sync).toContain('code: MemoryLost');
    expect(sync).toContain('it was restored from the status branch');
    expect(running.log.map(({ msg }) => msg)).toContain('Restored lost memory');
  },
);

it('needs no approval after a restored loss when nothing is to be deleted', async () => {
  await running.stop();
  await hand.remove(memory());
  running = await runController(fleet);
  const commit = fleet.commit({ 'nodes/n4.yaml': fleet.nodeFile('n4') });
  await published(fleet, running, commit);
  expect(await names()).toContain('n4');
  await waitFor('the loss is over', async () => !(await stored()).includes('was lost'));
});

it('holds deletions after the loss of both, until they are approved', async () => {
  await movedBack();
  await hand.remove(memory());
  deleteBranch(fleet.repo, STATUS_BRANCH);
  running = await runController(fleet);
  const digest = await heldBy('MemoryLost');
  expect(fleet.statusFile('sync.yaml')).toContain('and the status branch has no copy');
  expect(await names()).toContain('n3');
  await published(
    fleet,
    running,
    fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) }),
  );
  await waitFor('n3 is deleted', async () => !(await names()).includes('n3'));
});

const backup = (name: string): string =>
  [
    'apiVersion: validatoros.com/v1alpha1',
    'kind: Backup',
    `metadata: { name: ${name} }`,
    'spec: { node: n0 }',
    '',
  ].join('\n');

const object = (name: string): Ref & Target => ({
  apiVersion: 'validatoros.com/v1alpha1',
  kind: 'Backup',
  namespace: fleet.namespace,
  name,
});

/** Has the request run as far as its object, and stops the controller. */
async function ranOnce(name: string): Promise<void> {
  await published(fleet, running, fleet.commit({ [`jobs/${name}.yaml`]: backup(name) }));
  await waitFor('it has an object', async () => (await fleet.cluster.get(object(name))) !== undefined);
  await waitFor('it is bound', () => fleet.statusFile(recordPath(name))?.includes('uid:'));
  await running.stop();
}

const recordPath = (name: string): string => `jobs/backup/${fleet.namespace}/${name}.yaml`;

async function removeObject(name: string): Promise<void> {
  await hand.patch(object(name), { metadata: { finalizers: null } });
  await hand.remove(object(name));
}

/** What the status branch says of it. */
async function refusedAsLost(): Promise<string> {
  return await waitFor('it is refused', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('code: RecordLost') ? text : undefined;
  });
}

it('does not run earlier requests again after the loss of the status branch and of their objects', async () => {
  await ranOnce('old');
  deleteBranch(fleet.repo, STATUS_BRANCH);
  await removeObject('old');
  fleet.commit({ 'jobs/new.yaml': backup('new') });
  running = await runController(fleet);
  await waitFor('a later request runs', async () => (await fleet.cluster.get(object('new'))) !== undefined);
  const sync = await refusedAsLost();
  expect(await fleet.cluster.get(object('old'))).toBeUndefined();

  await running.stop();
  running = await runController(fleet);
  const digest = /sha256:[0-9a-f]{64}/.exec(sync)?.[0] ?? '';
  await published(
    fleet,
    running,
    fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1', ['desiredState: Stopped', 'restartGeneration: 1']) }),
  );
  await idleFor(running, 1000);
  expect(await fleet.cluster.get(object('old'))).toBeUndefined();
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
  running.controller.requestSync();
  await waitFor('an approval lets it run', async () => (await fleet.cluster.get(object('old'))) !== undefined);
});

it('does not run a request again whose record and object someone removed, until an approval', async () => {
  await ranOnce('old');
  commitFiles(fleet.repo, { [`${fleet.executor}/${recordPath('old')}`]: null }, { branch: STATUS_BRANCH });
  await removeObject('old');
  running = await runController(fleet);
  const digest = /sha256:[0-9a-f]{64}/.exec(await refusedAsLost())?.[0] ?? '';
  await idleFor(running, 1000);
  expect(await fleet.cluster.get(object('old'))).toBeUndefined();

  const commit = fleet.commit({ 'jobs/new.yaml': backup('new') });
  await published(fleet, running, commit);
  await waitFor('another request runs', async () => (await fleet.cluster.get(object('new'))) !== undefined);
  expect(await fleet.cluster.get(object('old'))).toBeUndefined();
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
  running.controller.requestSync();
  await waitFor('an approval lets it run', async () => (await fleet.cluster.get(object('old'))) !== undefined);
});

it('reports a memory that is deleted while the controller works, and writes all of it again', async () => {
  const before = await stored();
  await hand.remove(memory());
  const commit = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
  await published(fleet, running, commit);
  await waitFor('it is reported', async () =>
    (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).some(
      ({ reason, type }) => reason === 'MemoryMadeAgain' && type === 'Warning',
    ),
  );
  expect(running.log.map(({ msg }) => msg)).toContain('Made deleted memory again');
  expect(Object.keys(JSON.parse(await stored()) as object)).toEqual(
    expect.arrayContaining(Object.keys(JSON.parse(before) as object).filter((name) => name !== 'statuses')),
  );
  expect(fleet.statusFile('sync.yaml')).not.toContain('MemoryLost');
});
