// One controller of an executor in the whole cluster, also when each was given another namespace.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import type { Lease } from '../../src/kube/lease/lease.ts';
import { holdSoleLease } from '../../src/kube/lease/sole.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let cluster: ApiCluster;
beforeAll(async () => {
  api = await privateApiServer();
  cluster = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  for (const name of ['one', 'two']) await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});
const ending = new AbortController();
const held: Lease[] = [];
afterEach(async () => {
  await Promise.all(held.splice(0).map(async (lease) => await lease.release()));
});
afterAll(async () => {
  ending.abort();
  await cluster?.close();
  await api?.stop();
});

interface Warning {
  readonly sentence: string;
  readonly holder: unknown;
}

function hold(name: string, namespace: string, more: Partial<Pick<ApiCluster, 'list'>> = {}) {
  const warnings: Warning[] = [];
  const note = (fields: object, sentence: string): void =>
    void warnings.push({ sentence, holder: Reflect.get(fields, 'holder') });
  const silent = (): void => undefined;
  const lease = holdSoleLease({
    cluster: { ...cluster, ...more },
    namespace,
    name,
    identity: `${name}-in-${namespace}`,
    signal: ending.signal,
    onLost: silent,
    times: { durationMs: 2000, renewDeadlineMs: 1200, retryMs: 100, maxPromiseMs: 2500 },
    log: { info: silent, warn: note },
  });
  void lease.then((one) => held.push(one));
  return { lease, warnings };
}

it('waits while a controller of the same executor works in another namespace, and says who holds it', async () => {
  const first = await hold('a', 'one').lease;
  const { lease, warnings } = hold('a', 'two');
  await waitFor('the second says who holds it', () => warnings.length > 0);
  expect(warnings[0]?.holder).toBe('a-in-one');
  expect(held).toEqual([first]);
  await first.release();
  expect((await lease).held).toBe(true);
  expect(warnings).toHaveLength(1);
});

it('goes to one of two that start at the same moment', async () => {
  const both = [hold('b', 'one'), hold('b', 'two')];
  await Promise.race(both.map(async ({ lease }) => await lease));
  await waitFor('the other one waits', () => both.some(({ warnings }) => warnings.length > 0));
  expect(held).toHaveLength(1);
});

it('does not wait for another executor', async () => {
  await hold('c', 'one').lease;
  expect((await hold('d', 'two').lease).held).toBe(true);
});

it('takes over from one that died', async () => {
  const spec = { holderIdentity: 'dead', leaseDurationSeconds: 1, renewTime: '2020-01-01T00:00:00.000000Z' };
  const metadata = { name: 'e', namespace: 'one' };
  await cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  expect((await hold('e', 'two').lease).held).toBe(true);
});

it('does not wait for decades for a record that promises them', async () => {
  const spec = {
    holderIdentity: 'evil',
    leaseDurationSeconds: 2_000_000_000,
    renewTime: '2199-01-01T00:00:00.000000Z',
  };
  const metadata = { name: 'g', namespace: 'one' };
  await cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  const { lease, warnings } = hold('g', 'two');
  expect((await lease).held).toBe(true);
  expect(warnings.map(({ holder }) => holder)).toEqual(['evil']);
});

it('says once that it may not look into other namespaces', async () => {
  const { lease, warnings } = hold('f', 'one', {
    list: async () => await Promise.reject(new KubeError('FORBIDDEN', 'leases is forbidden')),
  });
  expect((await lease).held).toBe(true);
  expect(warnings.map(({ sentence }) => sentence)).toEqual([
    'Listing the Leases of other namespaces is not allowed: a controller of the same executor there is not noticed',
  ]);
});
