// A suspended node, a node of a suspended folder and a suspended fleet: what is changed by hand stays, also over a restart.

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type Target } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
  fleet.commit({ 'nodes/left/n0.yaml': file('n0'), 'nodes/n1.yaml': file('n1') });
  running = await runController(fleet);
  for (const name of ['n0', 'n1']) {
    await waitFor(`the StatefulSet of ${name}`, async () => await fleet.cluster.get(statefulSet(name)));
    await waitFor(`the Service of ${name}`, async () => await fleet.cluster.get(service(name)));
  }
});
afterEach(async () => {
  fleet.server.fault = undefined;
  await running?.stop();
  running = undefined;
  await fleet.close();
});

const statefulSet = (name: string): Target => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name,
  namespace: fleet.namespace,
});
const service = (name: string): Target => ({ ...statefulSet(name), apiVersion: 'v1', kind: 'Service' });
const file = (name: string, ...more: readonly string[]): string =>
  fleet.nodeFile(name, ['desiredState: Stopped', 'terminationGracePeriodSeconds: 361', ...more]);

async function graceOf(name: string): Promise<unknown> {
  const path = ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'];
  return valueAt(await fleet.cluster.get(statefulSet(name)), path);
}

async function edit(name: string): Promise<void> {
  const hand = byHand(kubeconfig);
  await hand.patch(statefulSet(name), { spec: { template: { spec: { terminationGracePeriodSeconds: 99 } } } });
  await hand.remove(service(name));
}

/** What the edit left; the Service may be there under another UID once it was made again. */
async function isEdited(name: string): Promise<boolean> {
  return (await graceOf(name)) === 99 && (await fleet.cluster.get(service(name))) === undefined;
}

async function isRepaired(name: string): Promise<boolean> {
  return (await graceOf(name)) === 361 && (await fleet.cluster.get(service(name))) !== undefined;
}

/** How often nodes were reconciled in this process. */
async function reconciliations(): Promise<number> {
  const lines = (await running?.metrics())?.split('\n') ?? [];
  const counts = lines.filter((line) => line.startsWith('nodewright_reconcile_total{loop="node"'));
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Resolves when the controller has reconciled a node after `change`. */
async function seen(change: () => Promise<void>): Promise<void> {
  const before = await reconciliations();
  await change();
  await waitFor('a node is reconciled', async () => (await reconciliations()) > before);
  await waitFor('no node waits', () => running?.controller.queues().node.depth === 0);
}

async function suspended(name: string): Promise<string | undefined> {
  const node = (await fleet.nodes()).get(name);
  return findCondition(node?.status?.conditions, 'Suspended')?.message;
}

async function restart(fault?: Fleet['server']['fault']): Promise<void> {
  await running?.stop();
  fleet.server.fault = fault;
  running = await runController(fleet);
  await waitFor('both nodes are reconciled', async () => (await reconciliations()) >= 2);
}

const backup = 'apiVersion: validatoros.com/v1alpha1\nkind: Backup\nmetadata: { name: one }\nspec: { node: n0 }\n';

interface Row {
  readonly because: string;
  readonly begins: () => Readonly<Record<string, string>>;
  readonly ends: () => Readonly<Record<string, string>>;
  readonly says: RegExp;
  readonly waits: string;
  /** Whether n1 is suspended too. */
  readonly isWide?: boolean;
}

const rows: readonly Row[] = [
  {
    because: 'the Fleet',
    begins: () => ({ 'fleet.yaml': fleet.fleetFile(['suspend: true']) }),
    ends: () => ({ 'fleet.yaml': fleet.fleetFile() }),
    says: /^The Fleet is suspended: .*Remove spec\.suspend from fleet\.yaml\.$/,
    waits: 'waits while the Fleet is suspended',
    isWide: true,
  },
  {
    because: 'its folder',
    begins: () => ({ 'fleet.yaml': fleet.fleetFile(['suspendFolders: [nodes/left]']) }),
    ends: () => ({ 'fleet.yaml': fleet.fleetFile() }),
    says: /^The folder nodes\/left is suspended: .*suspendFolders/,
    waits: 'waits while the folder nodes/left is suspended',
  },
  {
    because: 'its own spec',
    begins: () => ({ 'nodes/left/n0.yaml': file('n0', 'suspend: true') }),
    ends: () => ({ 'nodes/left/n0.yaml': file('n0') }),
    says: /^The node is suspended: .*from its file\.$/,
    waits: 'waits while n0 is suspended',
  },
];

describe.each(rows)('a node suspended by $because', ({ begins, ends, says, waits, isWide = false }) => {
  it('is left as it is, also over a restart without Git, and is put right when that ends', async () => {
    await published(fleet, running, fleet.commit(begins()));
    await waitFor('its status says so', async () => says.test((await suspended('n0')) ?? ''));
    expect((await suspended('n1')) !== undefined).toBe(isWide);

    await waitFor('sync.yaml names it', () => {
      const sync = (fleet.statusFile('sync.yaml') ?? '').replaceAll(/\s+/g, ' ');
      return sync.includes(
        `${isWide ? 2 : 1} node${isWide ? 's' : ''} suspended and left as found: ${fleet.namespace}/n0`,
      );
    });

    await seen(async () => await edit('n0'));
    expect(await isEdited('n0')).toBe(true);
    fleet.commit({ 'jobs/one.yaml': backup });
    running?.controller.requestSync();
    const record = `jobs/backup/${fleet.namespace}/one.yaml`;
    await waitFor('its job waits', () => fleet.statusFile(record)?.includes(waits));

    await restart(() => ({ do: 'status', status: 500 }));
    await seen(async () => await edit('n1'));
    // The other node is the fact that the controller works without Git.
    if (!isWide) await waitFor('n1 is put right', async () => await isRepaired('n1'));
    expect([await isEdited('n0'), await isEdited('n1')]).toEqual([true, isWide]);
    expect(await suspended('n0')).toMatch(says);

    fleet.server.fault = undefined;
    fleet.commit({ ...ends(), 'jobs/one.yaml': null });
    running?.controller.requestSync();
    await waitFor('n0 is put right', async () => await isRepaired('n0'));
    await waitFor('n1 is put right', async () => await isRepaired('n1'));
    await waitFor('its status says so', async () => (await suspended('n0')) === undefined);
  });
});

describe('a suspended fleet', () => {
  it('stays suspended while fleet.yaml has an error, and while the branch is held', async () => {
    const before = fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
    await published(fleet, running, fleet.commit({ 'fleet.yaml': fleet.fleetFile(['suspend: true']) }));
    await waitFor('the status says so', async () => (await suspended('n0')) !== undefined);
    const broken = fleet.commit({ 'fleet.yaml': fleet.fleetFile(['sus: true']) });
    running?.controller.requestSync();
    await waitFor('it is seen', () => fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${broken}`));
    await seen(async () => await edit('n0'));
    await restart();
    await seen(async () => await edit('n1'));
    expect([await isEdited('n0'), await isEdited('n1')]).toEqual([true, true]);

    // Moved back to before the suspension, and one node less: nothing of that is followed.
    const moved = fleet.commit({ 'nodes/n1.yaml': null }, { parent: before });
    running?.controller.requestSync();
    await waitFor('it is seen', () => fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${moved}`));
    await seen(async () => await byHand(kubeconfig).patch(statefulSet('n0'), { metadata: { labels: { by: 'hand' } } }));
    expect([await isEdited('n0'), await isEdited('n1')]).toEqual([true, true]);
  });
});
