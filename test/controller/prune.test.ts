// Nothing is deleted by surprise: what is held, what releases it, and what a kill in the middle of that leaves.

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { deleteBranch, moveBranch, tipOf } from '../support/git-repo.ts';
import { heldDigest } from '../support/held-digest.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, type LogLine, prepare, published, publishedAsSeen, runController, type Running } from './harness.ts';

const ALL = ['n0', 'n1', 'n2', 'n3'];

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

async function names(): Promise<readonly string[]> {
  const nodes = [...(await fleet.nodes()).values()];
  return nodes
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
    .sort();
}

function without(...gone: readonly string[]): Readonly<Record<string, null>> {
  return Object.fromEntries(gone.map((name) => [`nodes/${name}.yaml`, null]));
}

function approving(...digests: readonly string[]): Readonly<Record<string, string>> {
  return { 'fleet.yaml': fleet.fleetFile(['approvals:', ...digests.map((digest) => `  - digest: ${digest}`)]) };
}

function holding(guard: string): readonly LogLine[] {
  return running.log.filter((line) => line.msg === 'Holding action' && line['guard'] === guard);
}

/** Waits for the hold to be on the status branch; gives the digest that stands there. */
async function digestFor(guard: string): Promise<string> {
  running.controller.requestSync();
  return await waitFor(`${guard} and its digest are on the status branch`, () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes(guard) ? heldDigest(text) : undefined;
  });
}

it('deletes within the budget, and keeps the volume', async () => {
  const claims = { namespace: fleet.namespace };
  await published(fleet, running, fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', []) }));
  await waitFor(
    'n0 has its volume',
    async () => (await fleet.cluster.list(KINDS.PersistentVolumeClaim, claims)).length === 1,
  );
  await published(fleet, running, fleet.commit(without('n0')));
  await waitFor('n0 is gone', async () => (await names()).join() === 'n1,n2,n3');
  await waitFor('its objects are gone', async () => (await fleet.cluster.list(KINDS.Pod, claims)).length === 0, 90_000);
  const [claim] = await fleet.cluster.list(KINDS.PersistentVolumeClaim, claims);
  expect(claim?.metadata.deletionTimestamp).toBeUndefined();
  expect(claim?.metadata.labels?.['novacula.com/node']).toBe('n0');
});

it('removes the volume of a node that said deletionPolicy: Delete', async () => {
  const claims = { namespace: fleet.namespace };
  await published(fleet, running, fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['deletionPolicy: Delete']) }));
  await waitFor(
    'n0 has its volume',
    async () => (await fleet.cluster.list(KINDS.PersistentVolumeClaim, claims)).length === 1,
  );
  await published(fleet, running, fleet.commit(without('n0')));
  await waitFor(
    'the volume is gone',
    async () => (await fleet.cluster.list(KINDS.PersistentVolumeClaim, claims)).length === 0,
    60_000,
  );
  expect(await names()).toEqual(['n1', 'n2', 'n3']);
});

describe('above the budget', () => {
  it('holds with the same digest and words in log, Event and status branch; an approval releases exactly these', async () => {
    const commit = fleet.commit({ ...without('n0', 'n1'), 'nodes/n4.yaml': fleet.nodeFile('n4') });
    const digest = await digestFor('DeletionBudget');
    await publishedAsSeen(fleet, running, commit);
    expect(await names()).toEqual([...ALL, 'n4']);
    const lines = holding('DeletionBudget');
    expect(new Set(lines.map((line) => line['digest']))).toEqual(new Set([digest]));
    expect(new Set(lines.map((line) => line['object'])).size).toBe(2);
    const reason = String(lines.at(-1)?.['reason']);
    expect(fleet.statusFile('sync.yaml')?.replaceAll(/\s+/g, ' ')).toContain(reason);
    const event = await waitFor('an Event', async () =>
      (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).find(
        (one) => one['reason'] === 'DeletionBudget',
      ),
    );
    expect(event['message']).toContain(reason);

    // Another deletion rides along with the approval: it was never approved, so it waits.
    fleet.commit({ ...approving(digest), ...without('n2') });
    running.controller.requestSync();
    await waitFor('something is decided', () => fleet.statusFile('sync.yaml')?.includes('3 deletions'));
    expect(await names()).toEqual([...ALL, 'n4']);
    await published(fleet, running, fleet.commit({ 'nodes/n2.yaml': fleet.nodeFile('n2') }));
    await waitFor('exactly the approved are gone', async () => (await names()).join() === 'n2,n3,n4');
  });

  it('an approval is used up: the same deletion later is held again', async () => {
    fleet.commit(without('n0', 'n1'));
    const digest = await digestFor('DeletionBudget');
    await published(fleet, running, fleet.commit(approving(digest)));
    await waitFor('both are gone', async () => (await names()).join() === 'n2,n3');
    await published(
      fleet,
      running,
      fleet.commit({
        'fleet.yaml': fleet.fleetFile(),
        'nodes/n0.yaml': fleet.nodeFile('n0'),
        'nodes/n1.yaml': fleet.nodeFile('n1'),
      }),
    );
    await waitFor('both are back', async () => (await names()).join() === ALL.join());
    fleet.commit(without('n0', 'n1'));
    expect(await digestFor('DeletionBudget')).toBe(digest);
    expect(await names()).toEqual(ALL);
  });

  it('survives a restart: held stays held, and the digest stays the same', async () => {
    fleet.commit(without('n0', 'n1'));
    const digest = await digestFor('DeletionBudget');
    await running.stop();
    running = await runController(fleet);
    await waitFor('it is held again', () => holding('DeletionBudget').length === 2);
    expect(holding('DeletionBudget')[0]?.['digest']).toBe(digest);
    expect(await names()).toEqual(ALL);
  });
});

describe('a branch that is not what it was', () => {
  const rows: readonly {
    readonly because: string;
    readonly guard: string;
    readonly deed: () => void;
    readonly left: readonly string[];
  }[] = [
    {
      because: 'an empty nodes/ folder',
      guard: 'EmptyTree',
      deed: () => fleet.commit({ ...without(...ALL), 'nodes/later.yaml': '# none yet\n' }),
      left: [],
    },
    { because: 'no nodes/ folder', guard: 'MissingPath', deed: () => fleet.commit(without(...ALL)), left: [] },
    {
      because: 'moved back by a force push',
      guard: 'Rewound',
      deed: () => {
        const before = tipOf(fleet.repo, BRANCH) ?? '';
        fleet.commit({ 'nodes/n4.yaml': fleet.nodeFile('n4') });
        moved = before;
      },
      left: ALL,
    },
    {
      because: 'a history of its own with one node',
      guard: 'Rewritten',
      deed: () =>
        fleet.commit(
          { 'fleet.yaml': fleet.fleetFile(), 'nodes/n0.yaml': fleet.nodeFile('n0') },
          { parent: 'none', replaceAll: true },
        ),
      left: ['n0'],
    },
  ];
  let moved: string | undefined;

  it.each(rows)('$because is held until it is approved', async ({ guard, deed, left }) => {
    moved = undefined;
    deed();
    if (moved !== undefined) {
      await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
      moveBranch(fleet.repo, BRANCH, moved);
    }
    const before = await names();
    const digest = await digestFor(guard);
    await idleFor(running, 300);
    expect(await names()).toEqual(before);
    const text = fleet.statusFile('sync.yaml');
    await running.stop();
    running = await runController(fleet);
    // Without its Git objects it can't know how the branch was moved, only that it was.
    await waitFor('it is held after a restart too', () => running.log.some((line) => line['digest'] === digest));
    expect(await names()).toEqual(before);
    expect(text).toContain(digest);
    await published(fleet, running, fleet.commit(approving(digest)));
    await waitFor('it is as the branch says', async () => (await names()).join() === left.join());
  });

  it('deleted: everything stays, the trouble is reported, and a recreated branch continues', async () => {
    const tip = tipOf(fleet.repo, BRANCH) ?? '';
    deleteBranch(fleet.repo, BRANCH);
    running.controller.requestSync();
    await waitFor('the trouble is on the status branch', () => fleet.statusFile('sync.yaml')?.includes('gitTrouble'));
    expect(await names()).toEqual(ALL);
    moveBranch(fleet.repo, BRANCH, tip);
    await published(fleet, running, fleet.commit(without('n0')));
    await waitFor('the deletion is carried out', async () => (await names()).join() === 'n1,n2,n3');
  });

  it('moved back while the Fleet is suspended is still held when it is not suspended any more', async () => {
    const old = tipOf(fleet.repo, BRANCH) ?? '';
    await published(fleet, running, fleet.commit({ 'nodes/n4.yaml': fleet.nodeFile('n4') }));
    const suspended = fleet.commit({ 'fleet.yaml': fleet.fleetFile(['suspend: true']) }, { parent: old });
    await publishedAsSeen(fleet, running, suspended);
    await waitFor('it is held as suspended', () => holding('Suspended').length > 0);
    fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
    await digestFor('Rewritten');
    expect(await names()).toEqual([...ALL, 'n4']);
  });
});

describe('what people asked to be left alone', () => {
  const rows: readonly {
    readonly because: string;
    readonly first: () => Readonly<Record<string, string>>;
    readonly then: () => Readonly<Record<string, string | null>>;
    readonly guard: string;
  }[] = [
    {
      because: 'a protected node is not deleted, not even by the commit that takes the protection out',
      first: () => ({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'protect: true']) }),
      then: () => without('n0'),
      guard: 'Protected',
    },
    {
      because: 'a suspended node',
      first: () => ({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'suspend: true']) }),
      then: () => without('n0'),
      guard: 'Suspended',
    },
    {
      because: 'a suspended folder',
      first: () => ({ 'fleet.yaml': fleet.fleetFile(['suspendFolders: [nodes]']) }),
      then: () => ({ ...without('n0'), 'nodes/n1.yaml': fleet.nodeFile('n1', ['restartGeneration: 3']) }),
      guard: 'Suspended',
    },
    {
      because: 'a suspended Fleet',
      first: () => ({ 'fleet.yaml': fleet.fleetFile(['suspend: true']) }),
      then: () => ({ ...without('n0'), 'nodes/n4.yaml': fleet.nodeFile('n4') }),
      guard: 'Suspended',
    },
  ];

  it.each(rows)('$because', async ({ first, then, guard }) => {
    await published(fleet, running, fleet.commit(first()));
    const before = JSON.stringify([...(await fleet.nodes()).values()].map(({ spec }) => spec));
    const commit = fleet.commit(then());
    running.controller.requestSync();
    await waitFor(`${guard} is in the log`, () => holding(guard).length > 0);
    await publishedAsSeen(fleet, running, commit);
    await idleFor(running, 300);
    expect(JSON.stringify([...(await fleet.nodes()).values()].map(({ spec }) => spec))).toBe(before);
    expect(await names()).toEqual(ALL);
    expect(fleet.statusFile('sync.yaml')).toContain(guard);
  });
});
