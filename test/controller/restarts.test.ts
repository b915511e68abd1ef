// Restarts of the controller: what it has not observed again yet changes no status, neither in the cluster nor in Git.

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Reply } from '../../src/chains/observed.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { type Asker, createAsker } from '../../src/rpc/ask.ts';
import { gethDev, replies, rpc } from '../chains/replies.ts';
import { testCluster } from '../support/cluster.ts';
import { git } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const RESTARTS = 10;
const REFUSED_PATH = '/spec/template/spec/restartPolicy';
/** What a client takes to answer: long enough for everything else of a start to happen before. */
const ANSWER_MS = 300;

/** Name of the node → reason of its Ready condition once everything was observed. */
const NODES: Readonly<Record<string, string>> = {
  silent: 'Starting',
  stopped: 'Stopped',
  refused: 'ObjectRefused',
  syncing: 'Syncing',
  well: 'Running',
  held: 'Running',
};

let fleet: Fleet;
let running: Running | undefined;
const seen = new Map<string, Set<string>>();
const watching = new AbortController();

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
  await start();
});
afterAll(async () => {
  watching.abort();
  await running?.stop();
  await fleet?.close();
});

/** One node for each way to be judged, all published. */
async function givenNodes(): Promise<void> {
  const patch = `patches: [{ target: { kind: StatefulSet }, patch: [{ op: add, path: ${REFUSED_PATH}, value: Never }] }]`;
  const lines: Readonly<Record<string, readonly string[]>> = {
    stopped: ['desiredState: Stopped'],
    refused: ['desiredState: Stopped', patch],
    held: ['protect: true'],
  };
  const files = Object.keys(NODES).map((name) => [`nodes/${name}.yaml`, fleet.nodeFile(name, lines[name] ?? [])]);
  await waitForReasons(fleet.commit(Object.fromEntries(files)));
  const commit = fleet.commit({ 'nodes/held.yaml': null });
  running?.controller.requestSync();
  await waitFor('the deletion is held', async () => (await fleet.nodes()).get('held')?.status?.hold !== undefined);
  await waitFor('the hold is published', () => fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${commit}`));
  await waitFor('the node file has it', () => nodeFile('held').includes('hold:'));
}

async function start(): Promise<void> {
  running = await runController(fleet, {
    policy: { patches: { StatefulSet: [REFUSED_PATH] } },
    ports: { asker: slowAsker() },
  });
}

/** Two nodes answer as geth does, one is syncing, one never answers. */
function slowAsker(): Asker {
  return {
    ...createAsker(),
    async ask(_questions, { host }) {
      const pods = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
      const name = pods.find((pod) => textAt(pod, ['status', 'podIP']) === host)?.metadata.name.replace(/-0$/, '');
      await new Promise((resolve) => void setTimeout(resolve, ANSWER_MS));
      return answersOf(name);
    },
  };
}

function answersOf(name: string | undefined): ReadonlyMap<string, Reply> {
  if (name === 'silent') return new Map();
  const timestamp = `0x${Math.floor(Date.now() / 1000).toString(16)}`;
  const now = { ...gethDev, 'el.block': rpc({ number: '0x4', timestamp }) };
  return replies(
    name === 'syncing' ? { ...now, 'el.syncing': rpc({ currentBlock: '0x4', highestBlock: '0x40' }) } : now,
  );
}

async function waitForReasons(commit: string): Promise<void> {
  running?.controller.requestSync();
  await expect.poll(async () => await reasons(), { timeout: 60_000 }).toEqual(NODES);
  await waitFor('the commit is published', () => fleet.statusFile('sync.yaml')?.includes(commit));
}

async function reasons(): Promise<object> {
  return Object.fromEntries([...(await fleet.nodes())].map(([name, node]) => [name, reasonOf(node)]));
}

function reasonOf({ status }: BlockchainNode): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

function nodeFile(name: string): string {
  return fleet.statusFile(`nodes/${fleet.namespace}/${name}.yaml`) ?? '';
}

/** All of a status that is no figure. */
function judgement(object: KubeObject): string {
  // The edge: the CRD fixes the shape.
  const { phase, conditions, hold, appliedRevision, synced } = (object as unknown as BlockchainNode).status ?? {};
  return JSON.stringify({ phase, conditions, hold, appliedRevision, synced });
}

it(`leaves phase, conditions, holds and the status branch as they are in ${RESTARTS} restarts in a row`, async () => {
  await givenNodes();
  const informer = fleet.cluster.inform(KINDS.BlockchainNode, {
    namespace: fleet.namespace,
    signal: watching.signal,
    onChange: ({ key, now }) => {
      if (now !== undefined) seen.set(key, (seen.get(key) ?? new Set()).add(judgement(now)));
    },
  });
  await informer.synced();
  const before = fleet.statusCommits();
  for (let round = 0; round < RESTARTS; round++) {
    await running?.stop();
    await start();
    await waitFor('every node was asked and judged again', async () => await isObserved());
  }
  await running?.stop();
  expect([...seen].filter(([, judgements]) => judgements.size > 1).map(([key, texts]) => [key, ...texts])).toEqual([]);
  expect(seen.size).toBe(Object.keys(NODES).length);
  // Of the counts of the last plan only the process that applied it knows.
  const news = fleet.statusCommits().slice(0, fleet.statusCommits().length - before.length);
  expect(news.length).toBeLessThanOrEqual(1);
  const changed = git(fleet.repo, ['diff', '--name-only', before[0] ?? '', STATUS_BRANCH]).split('\n');
  expect(changed.filter((path) => path.includes('/nodes/'))).toEqual([]);
  expect(git(fleet.repo, ['log', '--format=%s', STATUS_BRANCH])).not.toMatch(/Error|Unreachable/);
});

/** Every queue has done the work of the start: the plan too. */
async function isObserved(): Promise<boolean> {
  const text = await running?.metrics();
  const reported = Object.keys(NODES).filter((name) => text?.includes(`name="${name}"`));
  const isIdle = Object.values(running?.controller.queues() ?? {}).every(({ depth }) => depth === 0);
  return running?.controller.isSynced === true && reported.length === Object.keys(NODES).length && isIdle;
}
