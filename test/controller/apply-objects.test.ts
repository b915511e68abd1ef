// One object of a node against a real API server: created, updated, repaired, and left alone when it is right.

import { randomBytes } from 'node:crypto';

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import type { EventNote } from '../../src/kube/events.ts';
import { createOwnWrites } from '../../src/controller/node/apply/own-writes.ts';
import { createRepairs } from '../../src/controller/node/apply/repairs.ts';
import { createMemory, type Memory } from '../../src/controller/engine/memory.ts';
import { createObjectApplier, type ObjectApplier } from '../../src/controller/node/apply/apply-objects.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { noTelemetry } from '../support/no-telemetry.ts';
import { examples } from '../chains/examples.ts';
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

function applier(log: string[] = [], now = Date.now): ObjectApplier {
  const events = { emit: ({ reason, message }: EventNote) => void log.push(`${reason}: ${message}`) };
  return createObjectApplier({
    cluster,
    runtime: { ...runtime, now },
    events,
    repairs: createRepairs(),
    ownWrites: createOwnWrites(),
  });
}

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

/** What applying it does, and how many writes that took. */
async function applyAndCount(parts: ObjectApplier, wanted: KubeObject): Promise<readonly [string | undefined, number]> {
  const before = await live(wanted.metadata.name);
  const from = requests;
  const applied = await parts.apply(wanted, before);
  return [applied, requests - from];
}

describe('applying an object', () => {
  it('creates, leaves alone, updates, repairs, and leaves alone again', async () => {
    const parts = applier();
    expect(await applyAndCount(parts, service(1))).toEqual(['created', 1]);
    expect(await applyAndCount(parts, service(1))).toEqual([undefined, 0]);
    expect(await applyAndCount(parts, service(2))).toEqual(['updated', 1]);
    expect(await applyAndCount(parts, service(2))).toEqual([undefined, 0]);
    await hand.patch(target(), { spec: { ports: [{ name: 'p2p', port: 9 }] } });
    expect((await applyAndCount(parts, service(2)))[0]).toBe('repaired');
    expect(await applyAndCount(parts, service(2))).toEqual([undefined, 0]);
  });

  it('makes an object again that was deleted, and counts that as a repair, also one that an earlier process applied', async () => {
    const parts = applier();
    expect((await applyAndCount(parts, service(1, 'd')))[0]).toBe('created');
    await hand.remove(target('d'));
    expect(await parts.apply(service(1, 'd'), undefined)).toBe('repaired');
    await hand.remove(target('d'));
    expect(await applier().apply(service(1, 'd'), undefined)).toBe('created');
    await hand.remove(target('d'));
    expect(await applier().apply(service(1, 'd'), undefined, true)).toBe('repaired');
  });

  it('leaves fields alone that it does not set, also when it changes or repairs others', async () => {
    const parts = applier();
    await applyAndCount(parts, service(1, 'f'));
    await hand.patch(target('f'), { spec: { publishNotReadyAddresses: true, sessionAffinity: 'ClientIP' } });
    expect(await applyAndCount(parts, service(1, 'f'))).toEqual([undefined, 0]);
    expect((await applyAndCount(parts, service(2, 'f')))[0]).toBe('updated');
    await hand.patch(target('f'), { spec: { ports: [{ name: 'p2p', port: 9 }] } });
    expect((await applyAndCount(parts, service(2, 'f')))[0]).toBe('repaired');
    const theirs = { publishNotReadyAddresses: true, sessionAffinity: 'ClientIP' };
    expect((await live('f'))?.['spec']).toMatchObject({ ...theirs, ports: [{ name: 'p2p', port: 2 }] });
  });

  it('respects a field that a webhook sets once, when a port is added', async () => {
    const parts = applier();
    const desired = (...ports: readonly number[]): KubeObject => ({
      ...service(1, 'lb'),
      spec: {
        type: 'LoadBalancer',
        selector: { app: 'lb' },
        ports: ports.map((port) => ({ name: `p${port}`, port, protocol: 'TCP' })),
      },
    });
    // As an admission policy would, at the creation: the field cannot change later.
    const { spec, ...rest } = desired(1);
    await cluster.create({ ...rest, spec: { ...(spec as object), loadBalancerClass: 'example.com/lb' } });
    expect((await applyAndCount(parts, desired(1)))[0]).toBe('updated');
    await hand.patch(target('lb'), { spec: { loadBalancerIP: '192.0.2.1' } });
    expect(await applyAndCount(parts, desired(1))).toEqual([undefined, 0]);
    expect((await applyAndCount(parts, desired(1, 2)))[0]).toBe('updated');
    expect((await live('lb'))?.['spec']).toMatchObject({
      loadBalancerClass: 'example.com/lb',
      loadBalancerIP: '192.0.2.1',
      ports: [{ port: 1 }, { port: 2 }],
    });
  });

  it('spaces out repairs that another program undoes, and names the program and the fields', async () => {
    let now = 0;
    const events: string[] = [];
    const parts = applier(events, () => now);
    const owner =
      (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace.name }))?.metadata.uid ?? '';
    const reference = { apiVersion: 'v1', kind: 'Namespace', name: namespace.name, uid: owner, controller: true };
    const plain = service(1, 'g');
    const desired = { ...plain, metadata: { ...plain.metadata, ownerReferences: [reference] } };
    await applyAndCount(parts, desired);
    const fight = async (): Promise<string | undefined> => {
      await hand.patch(target('g'), { spec: { selector: { app: 'theirs' } } });
      return (await applyAndCount(parts, desired))[0];
    };
    expect([await fight(), await fight(), await fight(), await fight()]).toEqual(Array(4).fill('repaired'));
    expect(events[0]).toContain('DriftRepaired: Service');
    expect(events[0]).toContain('spec.selector.app (last set by kubectl-edit)');
    expect(events.at(-1)).toContain('RepairRepeats: ');
    expect(await fight()).toBe('postponed');
    now += 10_000;
    expect(await fight()).toBe('repaired');
    now += 10_000;
    expect(await fight()).toBe('postponed');
    now += 600_000;
    expect(await fight()).toBe('repaired');
  });

  it('after a restart knows what is right without a request, and takes the defaults of the server as they are', async () => {
    await applyAndCount(applier(), service(1, 'b'));
    const restarted = applier();
    expect(await applyAndCount(restarted, service(1, 'b'))).toEqual([undefined, 0]);
    await hand.patch(target('b'), { spec: { selector: { app: 'other' } } });
    expect((await applyAndCount(restarted, service(1, 'b')))[0]).toBe('repaired');
  });

  it.each(examples)('after a restart finds nothing changed in the objects of $name', async ({ node, chain }) => {
    const name = `r${randomBytes(4).toString('hex')}`;
    const own = { ...node, metadata: { ...node.metadata, namespace: namespace.name, name } };
    for (const { metadata, ...object } of renderNode(own, chain, { running: false }).objects) {
      // The garbage collector would remove what a node owns that does not exist.
      const { ownerReferences: _, ...rest } = metadata;
      const desired = { ...object, metadata: rest } as KubeObject;
      await applier().apply(desired, undefined);
      const stored = await cluster.get({ ...desired, namespace: namespace.name, name: rest.name });
      const events: string[] = [];
      expect([object.kind, await applier(events).apply(desired, stored), events]).toEqual([object.kind, undefined, []]);
    }
  });

  it("leaves another's labels, annotations and the status alone", async () => {
    const parts = applier();
    await applyAndCount(parts, service(1, 'c'));
    await hand.patch(target('c'), { metadata: { labels: { team: 'x' }, annotations: { 'example.com/note': 'y' } } });
    expect(await applyAndCount(parts, service(1, 'c'))).toEqual([undefined, 0]);
    await applyAndCount(parts, service(2, 'c'));
    expect((await live('c'))?.metadata).toMatchObject({
      labels: { team: 'x' },
      annotations: { 'example.com/note': 'y' },
    });
  });

  it('reads what it has just written when what is watched is older, and writes nothing twice', async () => {
    const parts = applier();
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
    expect(await parts.apply(service(2, 'e'), undefined)).toBe('repaired');
  });

  it('is made again under the same name when it was deleted', async () => {
    const parts = applier();
    await applyAndCount(parts, service(1, 'd'));
    await hand.remove(target('d'));
    expect((await applyAndCount(parts, service(1, 'd')))[0]).toBe('created');
    expect(await applyAndCount(parts, service(1, 'd'))).toEqual([undefined, 0]);
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

  it('loses nothing when loops save at the same time, in every order of the writes', async () => {
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

  it('of another repository is kept, so that an unrelated history is noticed', async () => {
    const executor = randomBytes(4).toString('hex');
    await memory(executor).save(() => news);
    const elsewhere = memory(executor, 'https://git.example/other');
    await elsewhere.load();
    expect(elsewhere.current).toMatchObject({ appliedCommit: news.appliedCommit, origin: 'https://git.example/fleet' });
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
