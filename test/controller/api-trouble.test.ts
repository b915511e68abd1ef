// The API server killed, slow, overloaded, cutting watches, denying one kind: nothing twice, nothing silent, all recovers.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { type FaultProxy, faultProxy, type Seen } from '../support/fault-proxy.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running, work } from './harness.ts';
import { startProcess } from './process.ts';

let api: PrivateApiServer;
let proxy: FaultProxy;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  api = await privateApiServer();
  proxy = await faultProxy(api.url, api.certificates);
});
afterAll(async () => {
  await proxy?.stop();
  await api?.stop();
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig: await api.kubeconfig('admin'), nodes: 3 });
  await prepare(fleet);
});
afterEach(async () => {
  Object.assign(proxy, { rule: () => undefined, latencyMs: 0 });
  await running?.stop();
  running = undefined;
  await fleet.close();
});

/** Behind the proxy, up to the first complete sync. */
async function start(): Promise<Running> {
  running = await runController(fleet, { kubeconfig: await api.kubeconfig('admin', proxy.url) });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor('all StatefulSets are there', async () => (await sets()) === 3);
  return running;
}

async function sets(): Promise<number> {
  return (await fleet.cluster.list(KINDS.StatefulSet, { namespace: fleet.namespace })).length;
}

/** Writes that the server carried out, by verb, kind and code. */
function writes(kind: string): number {
  return work(running?.requests ?? []).filter(
    (one) => one.kind === kind && one.verb === 'apply' && one.code.startsWith('20'),
  ).length;
}

async function bump(generation: number): Promise<void> {
  const commit = fleet.commit({
    'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', `restartGeneration: ${generation}`]),
  });
  await published(fleet, running, commit);
  const arrived = async (): Promise<boolean> => (await fleet.nodes()).get('n0')?.spec.restartGeneration === generation;
  await waitFor('the change is in the cluster', arrived);
}

it('is killed and started again: continues without applying anything twice', async () => {
  await start();
  await waitFor('all is published', () => fleet.statusFile(`nodes/${fleet.namespace}/n2.yaml`));
  const before = { sets: writes('StatefulSet'), nodes: writes('BlockchainNode') };
  await api.restart(async () => {
    fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
    running?.controller.requestSync();
    await waitFor('the trouble is in the log', () =>
      running?.log.some(
        ({ msg }) => msg === 'Reconciliation failed' || msg === 'Action failed' || msg === 'Watching was interrupted',
      ),
    );
  });
  await waitFor('the commit made meanwhile is carried out', async () => (await fleet.nodes()).size === 4, 60_000);
  await waitFor('and its objects', async () => (await sets()) === 4, 60_000);
  // The object may be seen before the answer has reached who made it.
  await waitFor('the write is counted', () => writes('StatefulSet') > before.sets);
  expect(writes('StatefulSet') - before.sets).toBe(1);
});

it('is slower by 50 ms: all the same, only later', async () => {
  proxy.latencyMs = 50;
  await start();
  await bump(1);
  expect((await fleet.nodes()).get('n0')?.spec.restartGeneration).toBe(1);
});

it('answers 429 with Retry-After: waits that long, then does it', async () => {
  await start();
  const from = proxy.seen.length;
  const refusedAt: number[] = [];
  proxy.rule = ({ method }) => {
    if (method !== 'PATCH' || refusedAt.length >= 2) return undefined;
    refusedAt.push(performance.now());
    return {
      do: 'answer',
      status: 429,
      headers: { 'retry-after': '1' },
      body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 429, reason: 'TooManyRequests' },
    };
  };
  const started = performance.now();
  await bump(1);
  expect(performance.now() - started).toBeGreaterThan(1000);
  expect(refusedAt.length).toBe(2);
  expect(proxy.seen.length - from).toBeLessThan(100);
});

it('loses the answers to writes: nothing is done twice in effect, and nothing is missing', async () => {
  await start();
  let lost = 0;
  proxy.rule = ({ method }) => (method === 'PATCH' && lost++ < 4 ? { do: 'reset', when: 'after' } : undefined);
  await bump(1);
  const n0 = (await fleet.nodes()).get('n0');
  // One change of the spec: the repeated apply changed nothing.
  expect(n0?.metadata.generation).toBe(2);
});

it('cuts every watch over and over: changes still arrive', async () => {
  await start();
  let cuts = 0;
  proxy.rule = ({ isWatch }) =>
    isWatch && cuts++ < 60 ? { do: 'cut', afterEvents: 1, hard: cuts % 2 === 0 } : undefined;
  proxy.resetAll();
  await bump(1);
  await fleet.cluster.patch({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: fleet.namespace, name: 'n1' }, [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'example.invalid/edited:7' },
  ]);
  const repaired = await waitFor(
    'an edit by hand is put back',
    async () => {
      const set = await fleet.cluster.get({
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        namespace: fleet.namespace,
        name: 'n1',
      });
      return !JSON.stringify(set?.['spec']).includes('example.invalid/edited:7');
    },
    60_000,
  );
  expect(repaired).toBe(true);
});

it('breaks the watch of Secrets: the log says what broke, and takes no word of it for a secret', async () => {
  proxy.rule = ({ isWatch, path }) =>
    isWatch && path.endsWith('/secrets') ? { do: 'cut', afterEvents: 0, hard: true } : undefined;
  const controller = await startProcess(fleet, { kubeconfig: await api.kubeconfig('admin', proxy.url) });
  onTestFinished(async () => await controller.cleanUp());
  const line = await waitFor('the watch is interrupted', async () =>
    (await controller.log()).split('\n').find((one) => one.includes('"Watching was interrupted"')),
  );
  const { kind, err } = JSON.parse(line) as { readonly kind: string; readonly err: string };
  expect(kind).toBe('Secret');
  expect(err).toMatch(/^watch Secret: the connection broke/);
});

describe('denies one kind', () => {
  const FORBIDDEN = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: 403,
    reason: 'Forbidden',
    message: 'no',
  };

  it.each(['secrets', 'pods', 'statefulsets'])(
    '%s: reports it, acts on nothing unseen, and continues once it may',
    async (plural) => {
      proxy.rule = ({ path }) =>
        path.endsWith(`/${plural}`) ? { do: 'answer', status: 403, body: FORBIDDEN } : undefined;
      running = await runController(fleet, { kubeconfig: await api.kubeconfig('admin', proxy.url) });
      await waitFor('the nodes are there', async () => (await fleet.nodes()).size === 3);
      await waitFor('each node says why nothing happens', async () =>
        [...(await fleet.nodes()).values()].every(({ status }) =>
          JSON.stringify(status ?? {}).includes('may not watch'),
        ),
      );
      await waitFor('the status branch says it too', () => fleet.statusFile('sync.yaml')?.includes("can't be watched"));
      expect(await sets()).toBe(0);
      proxy.rule = () => undefined;
      await waitFor('all is made once it may', async () => (await sets()) === 3, 60_000);
    },
  );

  it('the nodes themselves: waits, and ends on request', async () => {
    proxy.rule = ({ path }) =>
      path.endsWith('/blockchainnodes') ? { do: 'answer', status: 403, body: FORBIDDEN } : undefined;
    const ending = new AbortController();
    const starting = runController(fleet, {
      kubeconfig: await api.kubeconfig('admin', proxy.url),
      signal: ending.signal,
    });
    const outcome = starting.then(
      () => 'started',
      () => 'given up',
    );
    await waitFor('it asked', () => proxy.seen.filter(({ path }) => path.endsWith('/blockchainnodes')).length > 1);
    ending.abort(new Error('ended by the test'));
    expect(await outcome).toBe('given up');
  });
});

describe('creates many nodes at once', () => {
  const many = Array.from({ length: 40 }, (_, index) => `m${index}`);
  const isNode = ({ method, path }: Seen): boolean => method === 'PATCH' && /\/blockchainnodes\/m\d+$/.test(path);
  const commitMany = (): string =>
    fleet.commit(Object.fromEntries(many.map((name) => [`nodes/${name}.yaml`, fleet.nodeFile(name)])));

  it('and all of them before anything of the first', async () => {
    await start();
    commitMany();
    await waitFor('everything is there', async () => (await sets()) === 3 + many.length, 60_000);
    const lastNode = proxy.seen.findLastIndex(isNode);
    const firstPart = proxy.seen.findIndex(({ path }) => /\/configmaps\/m\d+/.test(path));
    expect(proxy.seen.filter(isNode)).toHaveLength(many.length);
    expect(firstPart).toBeGreaterThan(lastNode);
  });

  it('of which one hangs, and the others continue meanwhile', async () => {
    await start();
    proxy.rule = (seen) => (isNode(seen) && seen.path.endsWith('/m7') ? { do: 'hang' } : undefined);
    commitMany();
    await waitFor('everything of the others is there', async () => (await sets()) === 2 + many.length, 60_000);
    expect((await fleet.nodes()).has('m7')).toBe(false);
    proxy.rule = () => undefined;
    await waitFor('the one as well', async () => (await sets()) === 3 + many.length, 90_000);
  });
});

it('loses the CRD: the trouble is said, and all is made again when the CRD is back', async () => {
  await start();
  const name = 'blockchainnodes.validatoros.com';
  const crd = await fleet.cluster.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name,
  });
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: crd?.['spec'],
  };
  await fleet.cluster.remove(
    { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name },
    { uid: crd?.metadata.uid ?? '', propagation: 'Background' },
  );
  await waitFor('it is gone', async () => !(await fleet.cluster.serves(KINDS.BlockchainNode)), 60_000);
  await waitFor('the trouble is on the status branch', () => {
    running?.controller.requestSync();
    return /BlockchainNode/.test(
      /(failures|clusterTrouble)[\s\S]*/.exec(fleet.statusFile('sync.yaml') ?? '')?.[0] ?? '',
    );
  });
  await fleet.cluster.apply(definition, { fieldManager: 'other-manager', force: true });
  await waitFor('it is back', async () => await fleet.cluster.serves(KINDS.BlockchainNode), 60_000);
  await waitFor('all nodes are back', async () => (await fleet.nodes()).size === 3, 90_000);
  expect([...(await fleet.nodes()).keys()].sort()).toEqual(['n0', 'n1', 'n2']);
});
