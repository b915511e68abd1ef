// Idle costs nothing: no request for an unchanged object, no commit, no write of a status; many nodes, one of them hanging.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { type Asker, createAsker } from '../../src/rpc/ask.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { ownWork, prepare, published, runController, type Running } from './harness.ts';

const NODES = 60;
/** How long the idleness is watched; the interval of reading Git is far shorter. */
const WINDOW_MS = 60_000;

let fleet: Fleet;
let running: Running;
const asked = new Map<string, number>();
let hanging: string | undefined;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: NODES, spec: [] });
  await prepare(fleet);
  const real = createAsker();
  // One node's answer never comes, not even after its deadline: the worst client there can be.
  const asker: Asker = {
    ...real,
    async ask(questions, options) {
      asked.set(options.host, (asked.get(options.host) ?? 0) + 1);
      hanging ??= options.host;
      if (options.host === hanging) return await new Promise(() => undefined);
      return await Promise.resolve(new Map());
    },
  };
  running = await runController(fleet, { ports: { asker } });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor(
    'every pod runs',
    async () => {
      const pods = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
      return pods.filter((pod) => JSON.stringify(pod['status']).includes('"phase":"Running"')).length === NODES;
    },
    240_000,
  );
});
afterAll(async () => {
  // The hanging pass would be waited for: that is what a container's grace period ends.
  await Promise.race([running?.stop(), new Promise((resolve) => setTimeout(resolve, 2000))]);
  await fleet?.close();
});

it('one node that hangs delays no other', async () => {
  await waitFor(
    'all others were asked again and again',
    () => asked.size === NODES && [...asked].every(([host, count]) => host === hanging || count >= 3),
    60_000,
  );
  expect(asked.get(hanging ?? '')).toBe(1);
  const state = running.controller.queues()['observe'];
  expect(state?.busyMs).toBeGreaterThan(1000);
});

it(`for ${WINDOW_MS / 1000} s: no request, no commit, no resourceVersion that moves`, async () => {
  await waitFor('it has come to rest', () => Date.now() - (ownWork(running, fleet).at(-1)?.at ?? 0) > 5000, 90_000);
  const versions = async (): Promise<string> =>
    JSON.stringify([...(await fleet.nodes())].map(([name, { metadata }]) => [name, metadata.resourceVersion]));
  const before = {
    requests: ownWork(running, fleet).length,
    commits: fleet.statusCommits().length,
    versions: await versions(),
    polls: fleet.server.requests.length,
  };
  const until = Date.now() + WINDOW_MS;
  await waitFor('the window is over', () => Date.now() > until, WINDOW_MS + 30_000);
  expect(ownWork(running, fleet).slice(before.requests)).toEqual([]);
  expect(fleet.statusCommits().length).toBe(before.commits);
  expect(await versions()).toBe(before.versions);
  // It did read Git meanwhile.
  expect(fleet.server.requests.length).toBeGreaterThan(before.polls + 10);
});
