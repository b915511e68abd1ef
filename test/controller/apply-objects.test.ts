// One object of a node against a real API server: created, updated, repaired, and left alone when it is right.

import { randomBytes } from 'node:crypto';

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { noTelemetry } from '../../src/lib/telemetry.ts';
import { createMemory, type Memory } from '../../src/controller/engine/memory.ts';
import { createObjectApplier, type ObjectApplier } from '../../src/controller/node/apply-objects.ts';
import { testCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';
import { type ByHand, byHand, type Target } from './by-hand.ts';

let cluster: ApiCluster;
let namespace: TestNamespace;
let hand: ByHand;
let requests = 0;

beforeAll(async () => {
  const shared = await testCluster();
  namespace = await testNamespace(shared, 'parts');
  cluster = connectCluster({ kubeconfig: shared.kubeconfigPath, onRequest: () => void requests++ });
  hand = byHand(shared.kubeconfigPath);
});
afterAll(async () => {
  await namespace?.remove();
  await cluster?.close();
});

const runtime = { now: Date.now, random: Math.random, log: pino({ level: 'silent' }), telemetry: noTelemetry };

function service(port: number, name = 'a'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: namespace.name },
    spec: { clusterIP: 'None', selector: { app: name }, ports: [{ name: 'p2p', port, protocol: 'TCP' }] },
  };
}

function target(name = 'a'): Target {
  return { apiVersion: 'v1', kind: 'Service', namespace: namespace.name, name };
}

async function live(name = 'a'): Promise<KubeObject | undefined> {
  return await cluster.get(target(name));
}

/** What bringing it does, and how many writes that took. */
async function bring(parts: ObjectApplier, wanted: KubeObject): Promise<readonly [string | undefined, number]> {
  const before = await live(wanted.metadata.name);
  const from = requests;
  const brought = await parts.apply(wanted, before);
  return [brought, requests - from];
}

describe('bringing an object', () => {
  it('creates, leaves alone, updates, repairs, and leaves alone again', async () => {
    const parts = createObjectApplier({ cluster, runtime });
    expect(await bring(parts, service(1))).toEqual(['created', 1]);
    expect(await bring(parts, service(1))).toEqual([undefined, 0]);
    expect(await bring(parts, service(2))).toEqual(['updated', 1]);
    expect(await bring(parts, service(2))).toEqual([undefined, 0]);
    await hand.patch(target(), { spec: { ports: [{ name: 'p2p', port: 9 }] } });
    expect((await bring(parts, service(2)))[0]).toBe('repaired');
    expect(await bring(parts, service(2))).toEqual([undefined, 0]);
    await hand.patch(target(), { spec: { publishNotReadyAddresses: true } });
    expect((await bring(parts, service(2)))[0]).toBe('repaired');
    expect(JSON.stringify((await live())?.['spec'])).not.toContain('publishNotReadyAddresses');
    expect(await bring(parts, service(2))).toEqual([undefined, 0]);
  });

  it('after a restart knows what is right without a request, and takes the defaults of the server as they are', async () => {
    await bring(createObjectApplier({ cluster, runtime }), service(1, 'b'));
    const restarted = createObjectApplier({ cluster, runtime });
    expect(await bring(restarted, service(1, 'b'))).toEqual([undefined, 0]);
    await hand.patch(target('b'), { spec: { selector: { app: 'other' } } });
    expect((await bring(restarted, service(1, 'b')))[0]).toBe('repaired');
  });

  it("leaves another's labels, annotations and the status alone", async () => {
    const parts = createObjectApplier({ cluster, runtime });
    await bring(parts, service(1, 'c'));
    await hand.patch(target('c'), { metadata: { labels: { team: 'x' }, annotations: { 'example.com/note': 'y' } } });
    expect(await bring(parts, service(1, 'c'))).toEqual([undefined, 0]);
    await bring(parts, service(2, 'c'));
    expect((await live('c'))?.metadata).toMatchObject({
      labels: { team: 'x' },
      annotations: { 'example.com/note': 'y' },
    });
  });

  it('reads what it has just written when what is watched is older, and writes nothing twice', async () => {
    const parts = createObjectApplier({ cluster, runtime });
    expect(await parts.apply(service(1, 'e'), undefined)).toBe('created');
    const from = requests;
    expect(await parts.apply(service(1, 'e'), undefined)).toBeUndefined();
    expect(requests - from).toBe(1);
    const old = await live('e');
    expect(await parts.apply(service(2, 'e'), old)).toBe('updated');
    const version = (await live('e'))?.metadata.resourceVersion;
    expect(await parts.apply(service(2, 'e'), old)).toBeUndefined();
    expect((await live('e'))?.metadata.resourceVersion).toBe(version);
    await hand.remove(target('e'));
    expect(await parts.apply(service(2, 'e'), undefined)).toBe('created');
  });

  it('is made again under the same name when it was deleted', async () => {
    const parts = createObjectApplier({ cluster, runtime });
    await bring(parts, service(1, 'd'));
    await hand.remove(target('d'));
    expect((await bring(parts, service(1, 'd')))[0]).toBe('created');
    expect(await bring(parts, service(1, 'd'))).toEqual([undefined, 0]);
  });
});

describe('the memory', () => {
  function memory(executor: string, origin = 'https://git.example/fleet'): Memory {
    return createMemory({ cluster, executor, namespace: namespace.name, origin });
  }
  const news = {
    appliedCommit: 'a'.repeat(40),
    appliedRevision: `main@sha1:${'a'.repeat(40)}`,
    released: { 'sha256:1': ['sha256:2'] },
  };

  it('survives a restart, and saying the same again costs nothing', async () => {
    const executor = randomBytes(4).toString('hex');
    const before = memory(executor);
    await before.load();
    await before.save(() => news);
    const from = requests;
    await before.save(() => news);
    expect(requests).toBe(from);
    const after = memory(executor);
    await after.load();
    expect(after.current).toMatchObject(news);
  });

  it('loses nothing when loops save side by side, in whatever order the writes land', async () => {
    const executor = randomBytes(4).toString('hex');
    const shared = memory(executor);
    const names = Array.from({ length: 8 }, (_, index) => `ns/n${index}`);
    await Promise.all([
      shared.save(() => news),
      ...names.map(async (name) => {
        await shared.save(({ identities }) => ({ identities: { ...identities, [name]: `key-of-${name}` } }));
      }),
      ...names.map(async (name, index) => {
        await shared.save(({ schedules }) => ({ schedules: { ...schedules, [name]: index } }));
      }),
    ]);
    const after = memory(executor);
    await after.load();
    expect(after.current).toMatchObject({
      ...news,
      identities: Object.fromEntries(names.map((name) => [name, `key-of-${name}`])),
      schedules: Object.fromEntries(names.map((name, index) => [name, index])),
    });
  });

  it('of another repository counts as none', async () => {
    const executor = randomBytes(4).toString('hex');
    await memory(executor).save(() => news);
    const elsewhere = memory(executor, 'https://git.example/other');
    await elsewhere.load();
    expect(elsewhere.current).toMatchObject({ appliedCommit: undefined, released: {} });
  });

  it.each([
    ['no JSON', 'x{'],
    ['another shape', '{"sha256:1":7}'],
    ['a list', '[]'],
    ['nothing', ''],
  ])('releases nothing when its releases are %s', async (_because, released) => {
    const executor = randomBytes(4).toString('hex');
    await memory(executor).save(() => news);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', namespace: namespace.name, name: `nodewright-${executor}` };
    await hand.patch(map, { data: { released } });
    const after = memory(executor);
    await after.load();
    expect(after.current.released).toEqual({});
    expect(after.current.appliedCommit).toBe(news.appliedCommit);
  });

  it('is one ConfigMap in the namespace of the controller', async () => {
    const executor = randomBytes(4).toString('hex');
    await memory(executor).save(() => news);
    const name = `nodewright-${executor}`;
    expect(await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: namespace.name, name })).toBeDefined();
    expect(DEFAULT_NAMESPACE).toBe('novacula-system');
  });
});
