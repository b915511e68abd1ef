// Nodes whose replies are made to do harm, under the running controller: each is reported by what is wrong with it, no word of theirs
// passes uncleaned, and neither time nor memory is lost to them.

import { fork } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { watchTurns } from '../support/longest-turn.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';
import { addressOf, HOARDERS, HOSTILE, NAMES, POISON } from './hostile-nodes.ts';

const MEGABYTE = 1024 * 1024;
/** Of this process, in megabytes: the limit of the chart without what a controller at rest takes. */
const MAX_GROWTH = 300;
const WELL = Object.keys(HOSTILE).filter((name) => HOSTILE[name]?.says === undefined);
const BAD = Object.keys(HOSTILE).filter((name) => !WELL.includes(name));
/** Of the loopback, for this process alone. */
const PREFIX = `127.${100 + Math.floor(Math.random() * 100)}.${process.pid % 250}`;

let fleet: Fleet;
let running: Running;
let wasFollowed = false;
/** Address → how often it was asked to the end. */
const rounds = new Map<string, number>();
const ending = new AbortController();
let memory = { atRest: 0, peak: 0 };
let sampling: NodeJS.Timeout | undefined;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
  fleet.commit(Object.fromEntries(NAMES.map((name) => [`nodes/${name}.yaml`, fleet.nodeFile(name, [])])));
  await serveHostile();
  const asker = createAsker();
  running = await runController(fleet, {
    settings: { heightIntervalMs: 5000 },
    ports: {
      asker: {
        ...asker,
        async ask(questions, target) {
          const replies = await asker.ask(questions, target);
          rounds.set(target.host, (rounds.get(target.host) ?? 0) + 1);
          return replies;
        },
      },
    },
  });
  await waitFor('all pods run', async () => (await countRunning()) === NAMES.length, 240_000);
  globalThis.gc?.();
  memory = { atRest: process.memoryUsage.rss(), peak: 0 };
  sampling = setInterval(() => (memory.peak = Math.max(memory.peak, process.memoryUsage.rss())), 50);
  await movePods(kubeconfig);
}, 300_000);
afterAll(async () => {
  clearInterval(sampling);
  ending.abort();
  await running?.stop();
  await fleet?.close();
});

async function serveHostile(): Promise<void> {
  const child = fork(join(import.meta.dirname, 'hostile-nodes.ts'), [PREFIX], { signal: ending.signal, execArgv: [] });
  child.on('error', () => undefined);
  let isReady = false;
  child.on('message', (message) => {
    if (message === 'ready') isReady = true;
    else wasFollowed = true;
  });
  await waitFor('the hostile nodes listen', () => isReady);
}

async function countRunning(): Promise<number> {
  const pods = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
  return pods.filter((pod) => textAt(pod, ['status', 'phase']) === 'Running').length;
}

/** Lets the simulated pods have the addresses of the hostile nodes, and have run for so long that silence is a fault. */
async function movePods(kubeconfig: string): Promise<void> {
  const hand = byHand(kubeconfig);
  for (const pod of await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace })) {
    const { name } = pod.metadata;
    const status = Object(pod['status']);
    const address = addressOf(name.replace(/-0$/, ''), PREFIX);
    const running = { startedAt: '2026-01-01T00:00:00Z' };
    const containerStatuses = status.containerStatuses.map((one: object) => ({ ...one, state: { running } }));
    const change = { podIP: address, podIPs: [{ ip: address }], containerStatuses };
    await hand.patchPodStatus({ namespace: fleet.namespace, name }, change);
  }
}

async function node(name: string): Promise<BlockchainNode> {
  const found = (await fleet.nodes()).get(name);
  if (found === undefined) throw new Error(`${name} is gone`);
  return found;
}

function readyOf({ status }: BlockchainNode): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

/** Everyone was asked so often from now on. */
async function asked(times: number, names: readonly string[]): Promise<void> {
  const before = new Map(rounds);
  await waitFor(
    'all are asked',
    () =>
      names.every((name) => {
        const address = addressOf(name, PREFIX);
        return (rounds.get(address) ?? 0) - (before.get(address) ?? 0) >= times;
      }),
    240_000,
  );
}

it.each(BAD)('%s is reported with a plain message', async (name) => {
  const says = HOSTILE[name]?.says ?? /^$/;
  const found = await waitFor(
    'it is reported',
    async () => {
      const one = await node(name);
      return one.status?.phase === 'Error' && says.test(readyOf(one)) ? one : undefined;
    },
    60_000,
  );
  expect(readyOf(found)).toMatch(/^geth \(el\) (answers, but not as this client should|runs but does not answer)/);
  expect(found.status?.height).toBeUndefined();
});

it.each(WELL)('%s runs and its height rises meanwhile', async (name) => {
  const first = await waitFor('it runs', async () => {
    const one = await node(name);
    return one.status?.phase === 'Running' ? one : undefined;
  });
  await waitFor('its height rises', async () => ((await node(name)).status?.height ?? 0) > (first.status?.height ?? 0));
  expect((await node(name)).status?.phase).toBe('Running');
});

it('costs no long turn of the event loop and little memory while all of them are asked', async () => {
  const turns = watchTurns();
  await asked(2, [...BAD, ...HOARDERS, ...WELL]);
  const longest = turns.stop();
  expect(longest).toBeLessThan(200);
  expect((memory.peak - memory.atRest) / MEGABYTE).toBeLessThan(MAX_GROWTH);
}, 300_000);

it('gives up those that hold most, and reports it', async () => {
  const reported = await waitFor('some are given up', async () => {
    const messages = await Promise.all(HOARDERS.map(async (name) => readyOf(await node(name))));
    const found = messages.filter((message) => message.includes('those of this node are the largest'));
    return found.length > 0 ? found : undefined;
  });
  expect(reported[0]).toContain('the replies of all nodes together are too large');
});

it('follows no redirect', () => {
  expect(wasFollowed).toBe(false);
});

it('writes no status for the changing words of a node alone', async () => {
  const writes = (name: string): number =>
    running.requests.filter(({ verb, path }) => verb !== 'get' && path.endsWith(`/blockchainnodes/${name}/status`))
      .length;
  const [first, since] = [['error', 'version'].map(writes), Date.now()];
  await asked(20, ['error', 'version']);
  const more = ['error', 'version'].map((name, index) => writes(name) - (first[index] ?? 0));
  // As for figures: one for each interval.
  const most = Math.ceil((Date.now() - since) / 5000) + 1;
  expect(Math.max(...more)).toBeLessThanOrEqual(most);
});

it('lets no word of theirs pass uncleaned', async () => {
  const nodes = [...(await fleet.nodes()).values()];
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  const files = git(fleet.repo, ['grep', '-h', '-e', '', tipOf(fleet.repo, STATUS_BRANCH) ?? '']);
  const all = { nodes: nodes.map(({ status }) => status), events, files, log: running.log };
  for (const [where, what] of Object.entries(all)) {
    const text = JSON.stringify(what);
    expect({ where, has: text.includes(POISON) }).toEqual({ where, has: false });
    // As JSON writes control characters, halves of pairs, and marks of direction.
    expect(text).not.toMatch(/\\u00[01]|\\ud[89a-f]|[\u202a-\u202e\u007f-\u009f]/i);
  }
  const messages = nodes.flatMap(({ status }) => (status?.conditions ?? []).map(({ message }) => message ?? ''));
  expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(500);
  const versions = nodes.flatMap(({ status }) => (status?.roles ?? []).map(({ version }) => version ?? ''));
  expect(versions.find((version) => version.includes('HOSTILE'))).toMatch(/^\d+ HOSTILE/);
});
