// Requests over a bad network and to a busy server: a real API server behind a proxy with faults.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Ref } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import type { RequestRecord } from '../../src/kube/rest.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { MAX_CONNECTIONS } from '../../src/kube/transport.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { faultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.ts';

let api: PrivateApiServer;
let proxy: FaultProxy;
let cluster: ApiCluster;
let records: RequestRecord[] = [];

beforeAll(async () => {
  api = await privateApiServer();
  proxy = await faultProxy(api.url, api.certificates);
  const kubeconfig = await api.kubeconfig('admin', proxy.url);
  cluster = connectCluster({ kubeconfig, onRequest: (record) => records.push(record) });
});
afterEach(() => {
  proxy.rule = () => undefined;
  proxy.latencyMs = 0;
  records = [];
});
afterAll(async () => {
  await cluster?.close();
  await proxy?.stop();
  await api?.stop();
});

const namespace: Ref = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };

function configMap(name: string): { apiVersion: string; kind: string; metadata: { name: string; namespace: string } } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
}

/** The fault for the first `count` requests that are no watch, then none. */
function first(count: number, fault: Fault): () => Fault | undefined {
  let left = count;
  return () => (left-- > 0 ? fault : undefined);
}

describe('connections', () => {
  it('are few and kept: 300 requests in a row use two at most, 300 at once no more than the pool', async () => {
    const before = proxy.connectionsOpened;
    for (let index = 0; index < 300; index++) await cluster.get(namespace);
    expect(proxy.connectionsOpened - before).toBeLessThanOrEqual(2);
    proxy.latencyMs = 50;
    await Promise.all(Array.from({ length: 300 }, () => cluster.get(namespace)));
    expect(proxy.connectionsOpened - before).toBeLessThanOrEqual(MAX_CONNECTIONS);
    expect(proxy.connectionsOpen).toBeLessThanOrEqual(MAX_CONNECTIONS);
  });
});

describe('a busy server', () => {
  it('is given the time it asks for', async () => {
    proxy.rule = first(1, { do: 'answer', status: 429, headers: { 'retry-after': '1' } });
    const started = performance.now();
    expect(await cluster.get(namespace)).toBeDefined();
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    expect(records.map(({ verb, kind, code }) => [verb, kind, code])).toEqual([
      ['get', 'Namespace', '429'],
      ['get', 'Namespace', '200'],
    ]);
  });

  it('may refuse a create: nothing was done, so it is sent again', async () => {
    proxy.rule = first(1, { do: 'answer', status: 429, headers: { 'retry-after': '0' } });
    expect(await cluster.create(configMap('busy'))).toBeDefined();
  });

  it('that wants an hour is reported to the caller at once', async () => {
    proxy.rule = () => ({ do: 'answer', status: 429, headers: { 'retry-after': '3600' } });
    await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterMs: 3_600_000 });
    expect(records).toHaveLength(1);
  });

  it.each([500, 503])('that answers %i twice is asked a third time', async (status) => {
    proxy.rule = first(2, { do: 'answer', status });
    expect(await cluster.get(namespace)).toBeDefined();
    expect(records).toHaveLength(3);
  });

  it('that stays broken is given up after five tries, with a code', async () => {
    proxy.rule = () => ({ do: 'answer', status: 503 });
    await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'SERVER', status: 503 });
    expect(records).toHaveLength(5);
  });
});

describe('a broken connection', () => {
  it('does not hurt a read', async () => {
    proxy.rule = first(2, { do: 'reset', when: 'before' });
    expect(await cluster.get(namespace)).toBeDefined();
  });

  it('does not hurt an apply whose answer was lost', async () => {
    proxy.rule = first(1, { do: 'reset', when: 'after' });
    const applied = await cluster.apply(configMap('lost'), { fieldManager: 'x', force: true });
    expect((await cluster.get({ ...configMap('lost'), namespace: 'default', name: 'lost' }))?.metadata.uid).toBe(
      applied.metadata.uid,
    );
  });

  it('leaves a create open: it is not sent twice, and the caller gets the error', async () => {
    proxy.rule = first(1, { do: 'reset', when: 'after' });
    await expect(cluster.create(configMap('open'))).rejects.toMatchObject({ code: 'NETWORK' });
    expect(records.map(({ code }) => code)).toEqual(['NETWORK']);
    await expect(cluster.create(configMap('open'))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('of every connection at once does not hurt the next request', async () => {
    await cluster.get(namespace);
    proxy.resetAll();
    expect(await cluster.get(namespace)).toBeDefined();
  });
});

describe('strange answers', () => {
  it.each([
    { because: 'a portal answers everything with a page', fault: { do: 'answer', status: 200, body: '<html>' } },
    { because: 'another kind is no answer', fault: { do: 'answer', status: 200, body: { kind: 'Status' } } },
    { because: 'nothing is no answer', fault: { do: 'answer', status: 200 } },
  ] as const)('are UNEXPECTED, not believed: $because', async ({ fault }) => {
    proxy.rule = () => fault;
    await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'UNEXPECTED' });
    await expect(cluster.list(KINDS.Namespace)).rejects.toMatchObject({ code: 'UNEXPECTED' });
  });

  it('of any size are cut', async () => {
    proxy.rule = () => ({ do: 'answer', status: 200, body: 'x'.repeat(17 * 1024 * 1024) });
    await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('a page token that ran out starts the list again', async () => {
    await Promise.all(Array.from({ length: 620 }, (_, index) => cluster.create(configMap(`page-${index}`))));
    let gone = 0;
    proxy.rule = ({ query }) =>
      query.has('continue') && gone++ === 0
        ? { do: 'answer', status: 410, body: { kind: 'Status', reason: 'Expired' } }
        : undefined;
    const listed = await cluster.list(KINDS.ConfigMap, { namespace: 'default' });
    const names = listed.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('page-'));
    expect(new Set(names).size).toBe(620);
    expect(names).toHaveLength(620);
    expect(gone).toBe(2);
  });
});

it('closing ends what hangs', async () => {
  const other = connectCluster({ kubeconfig: await api.kubeconfig('admin', proxy.url) });
  let arrived = (): void => undefined;
  const hanging = new Promise<void>((resolve) => (arrived = resolve));
  proxy.rule = () => {
    arrived();
    return { do: 'hang' };
  };
  const asked = other.get(namespace).catch((error: unknown) => error);
  await hanging;
  await other.close();
  expect(await asked).toMatchObject({ code: 'ABORTED' });
});
