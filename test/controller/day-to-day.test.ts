// The procedures of `repo-template/docs/day-to-day.md`, with the controller as a process of its own.

import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { basic } from '../support/git-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare } from './harness.ts';
import { type Process, startProcess } from './process.ts';

let kubeconfig: string;
let folder: string;
let fleet: Fleet;
let controller: Process | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
  folder = await mkdtemp(join(tmpdir(), 'nodewright-day-'));
});
afterEach(async () => {
  await controller?.cleanUp();
  await fleet?.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function grace(name: string, seconds: number): Promise<void> {
  const specOf = async (): Promise<unknown> => (await fleet.nodes()).get(name)?.spec.terminationGracePeriodSeconds;
  await waitFor(`${name} has ${seconds} s`, async () => (await specOf()) === seconds, 60_000);
}

const file = (seconds: number, ...more: readonly string[]): string =>
  fleet.nodeFile('n0', ['desiredState: Stopped', `terminationGracePeriodSeconds: ${seconds}`, ...more]);

it('a credential of Git is rotated without a restart; one that ends before is reported in the cluster', async () => {
  const accept = [basic('git', 'first')];
  const token = join(folder, 'token');
  writeFileSync(token, 'first\n');
  fleet = await startFleet({ kubeconfig, nodes: 1, git: { accept } });
  await prepare(fleet);
  controller = await startProcess(fleet, { args: [`--git-token-file ${token}`] });
  fleet.commit({ 'nodes/n0.yaml': file(361) });
  await grace('n0', 361);
  await waitFor('the status is published', () => fleet.statusFile('sync.yaml')?.includes('state: Synced'), 60_000);

  accept.splice(0, 1, basic('git', 'second'));
  fleet.commit({ 'nodes/n0.yaml': file(362) });
  const warning = await waitFor('an Event says it', async () => await readBranchWarning(fleet.cluster, fleet), 60_000);
  expect(warning).toMatch(/token|credential|401/i);
  expect(warning).not.toContain('first');

  writeFileSync(token, 'second\n');
  await grace('n0', 362);
  await waitFor('the Event is over', async () => (await readBranchWarning(fleet.cluster, fleet)) === undefined, 60_000);
  expect(await controller.log()).not.toMatch(/\b(first|second)\b/);

  // After a restart of the controller instead, the warning of the process before does not count.
  writeFileSync(token, 'third\n');
  fleet.commit({ 'nodes/n0.yaml': file(363) });
  await waitFor('an Event says it again', async () => await readBranchWarning(fleet.cluster, fleet), 60_000);
  await controller.cleanUp();
  writeFileSync(token, 'second\n');
  controller = await startProcess(fleet, { args: [`--git-token-file ${token}`] });
  await grace('n0', 363);
  await waitFor('its Event is over', async () => (await readBranchWarning(fleet.cluster, fleet)) === undefined, 60_000);
}, 240_000);

it('a suspended node is left as it is, also what is changed by hand, and follows its file again afterwards', async () => {
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  controller = await startProcess(fleet);
  fleet.commit({ 'nodes/n0.yaml': file(361) });
  await grace('n0', 361);
  const { namespace } = fleet;
  const target = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'n0', namespace };
  await waitFor('it has a StatefulSet', async () => (await fleet.cluster.get(target)) !== undefined, 60_000);
  fleet.commit({ 'nodes/n0.yaml': file(361, 'suspend: true') });
  await waitFor('it is suspended', async () => (await fleet.nodes()).get('n0')?.spec.suspend === true, 60_000);
  await byHand(kubeconfig).patch(target, { spec: { template: { spec: { terminationGracePeriodSeconds: 99 } } } });
  fleet.commit({ 'nodes/n0.yaml': file(362, 'suspend: true') });
  await waitFor(
    'the change is held',
    () => /reason: Suspended|guard: Suspended/.test(fleet.statusFile('sync.yaml') ?? ''),
    60_000,
  );
  expect((await fleet.nodes()).get('n0')?.spec.terminationGracePeriodSeconds).toBe(361);
  const graceOfPod = async (): Promise<unknown> =>
    valueAt(await fleet.cluster.get(target), ['spec', 'template', 'spec', 'terminationGracePeriodSeconds']);
  expect(await graceOfPod()).toBe(99);
  fleet.commit({ 'nodes/n0.yaml': file(362) });
  await waitFor('its file counts again', async () => (await graceOfPod()) === 362, 60_000);
}, 240_000);
