// The holder of a Lease on a real API server: one at a time, and none that cannot renew it.

import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';

import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import { holdLease, LEASE_TIMES, type Lease, type LeaseOptions } from '../../src/kube/lease/lease.ts';
import { MAX_PROMISE_MS, type LeaseWait } from '../../src/kube/lease/wait-notice.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { faultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let proxy: FaultProxy;
let direct: ApiCluster;
let shaky: ApiCluster;
const held: Lease[] = [];
const controllers: AbortController[] = [];

beforeAll(async () => {
  api = await privateApiServer();
  proxy = await faultProxy(api.url, api.certificates);
  direct = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  shaky = connectCluster({ kubeconfig: await api.kubeconfig('admin', proxy.url) });
});
afterEach(async () => {
  proxy.rule = () => undefined;
  for (const controller of controllers.splice(0)) controller.abort();
  await Promise.all(held.splice(0).map((lease) => lease.release()));
});
afterAll(async () => {
  await shaky?.close();
  await direct?.close();
  await proxy?.stop();
  await api?.stop();
});

const times = { durationMs: 2000, renewDeadlineMs: 1200, retryMs: 200 };

function hold(name: string, identity: string, more: Partial<LeaseOptions> = {}): Promise<Lease> {
  const controller = new AbortController();
  controllers.push(controller);
  const options = { cluster: direct, namespace: 'default', name, identity, signal: controller.signal, times };
  const holding = holdLease({ ...options, onLost: () => undefined, ...more });
  holding.then(
    (lease) => held.push(lease),
    () => undefined,
  );
  return holding;
}

async function specOf(name: string): Promise<Record<string, unknown>> {
  const lease = await direct.get(refOf(name));
  return lease?.['spec'] as Record<string, unknown>;
}

function refOf(name: string): Ref {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'default', name };
}

it('goes to one of many who want it, and is renewed', async () => {
  const want = ['a', 'b', 'c', 'd'].map((identity) => hold('many', identity));
  const first = await Promise.race(want);
  expect(first.held).toBe(true);
  const before = await specOf('many');
  await waitFor('a renewal', async () => (await specOf('many'))['renewTime'] !== before['renewTime']);
  expect(held).toHaveLength(1);
  expect(await specOf('many')).toMatchObject({
    holderIdentity: before['holderIdentity'],
    acquireTime: before['acquireTime'],
    leaseDurationSeconds: 2,
    leaseTransitions: 0,
  });
});

it('goes to the next at once when it is given back', async () => {
  // Longer than the test may take, so that the second cannot get it by expiry.
  const long = { durationMs: 600_000, renewDeadlineMs: 300_000, retryMs: 200 };
  const first = await hold('passed', 'a', { times: long });
  const second = hold('passed', 'b', { times: long });
  await first.release();
  expect(first.held).toBe(false);
  expect((await second).held).toBe(true);
  expect(await specOf('passed')).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
});

it('is given back when the signal aborts', async () => {
  const controller = new AbortController();
  const lease = await hold('aborted', 'a', { signal: controller.signal });
  controller.abort();
  expect(lease.held).toBe(false);
  await waitFor('no holder', async () => (await specOf('aborted'))['holderIdentity'] === '');
});

it('is taken over only after it did not change for its duration, for every time in it', async () => {
  const past = '2001-01-01T00:00:00.000000Z';
  const spec = {
    holderIdentity: 'dead',
    leaseDurationSeconds: 2,
    renewTime: past,
    acquireTime: past,
    leaseTransitions: 3,
  };
  const { apiVersion, kind } = refOf('expired');
  await direct.create({ apiVersion, kind, metadata: { name: 'expired', namespace: 'default' }, spec });
  const started = performance.now();
  const lease = await hold('expired', 'b');
  expect(performance.now() - started).toBeGreaterThan(times.durationMs);
  expect(lease.held).toBe(true);
  expect(await specOf('expired')).toMatchObject({ holderIdentity: 'b', leaseTransitions: 4 });
});

it('is taken from a record that promises decades and a renewal in the future, once that did not change for the longest promise', async () => {
  await direct.create(decades('decades'));
  const started = performance.now();
  const lease = await hold('decades', 'b', { times: { ...times, maxPromiseMs: 3000 } });
  expect(performance.now() - started).toBeGreaterThan(3000);
  expect(lease.held).toBe(true);
  expect(await specOf('decades')).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 2 });
});

it('is never taken for a promise that is longer than the longest while its holder renews it', async () => {
  // The durations of two controllers of ours are the same, and count whole.
  expect(LEASE_TIMES.durationMs).toBeLessThan(MAX_PROMISE_MS);
  const short = { ...times, maxPromiseMs: 1 };
  const first = await hold('short', 'a', { times: short });
  const waits: LeaseWait[] = [];
  const waitTimes = { afterMs: 3 * times.durationMs, everyMs: 600_000 };
  void hold('short', 'b', { times: short, waitTimes, onLongWait: (wait) => waits.push(wait) }).catch(() => undefined);
  await waitFor('it waited for three durations', () => waits.length > 0);
  expect(first.held).toBe(true);
  expect(held).toEqual([first]);
});

it('says seldom who writes it when something else does again and again', async () => {
  await direct.create(decades('again'));
  const writing = new AbortController();
  onTestFinished(() => writing.abort());
  const writer = writeAgain('again', writing.signal);
  const waits: LeaseWait[] = [];
  const warned: unknown[] = [];
  const log = { info: () => undefined, warn: (facts: object, text: string) => void warned.push([text, facts]) };
  const waitTimes = { afterMs: 3000, everyMs: 2000 };
  const short = { ...times, maxPromiseMs: 2000 };
  const waiting = hold('again', 'b', { times: short, waitTimes, log, onLongWait: (wait) => waits.push(wait) });
  await waitFor('the second report', () => waits.length > 1);
  expect(waits[0]).toMatchObject({ holder: 'evil', namespace: 'default' });
  expect(waits[0]?.message).toMatch(/^the Lease default\/again is held by evil, .* take the right to write Leases/);
  expect(warned[0]).toEqual([
    'Waiting long for the lease',
    expect.objectContaining({ holder: 'evil', lease: 'again' }),
  ]);
  expect(warned.length).toBeLessThan(5);
  writing.abort();
  await writer;
  expect((await waiting).held).toBe(true);
});

it.each([
  { because: 'the server hangs', fault: { do: 'hang' } as const },
  { because: 'connections break', fault: { do: 'reset', when: 'before' } as const },
])('is lost before another can get it when $because', async ({ because, fault }) => {
  const name = because.replaceAll(' ', '-');
  let lostAt = 0;
  let why: string[] = [];
  const lease = await hold(name, 'cut-off', {
    cluster: shaky,
    onLost: (reason) => {
      lostAt = performance.now();
      why = [...why, reason];
    },
  });
  proxy.rule = () => fault;
  const second = await hold(name, 'next');
  expect(lostAt).toBeGreaterThan(0);
  expect(lostAt).toBeLessThan(performance.now());
  expect(lease.held).toBe(false);
  expect(second.held).toBe(true);
  expect(why).toEqual(['not renewed for 1.2 s']);
});

it('is lost at once when another candidate took it', async () => {
  let why = '';
  const lease = await hold('stolen', 'a', { onLost: (reason) => (why = reason) });
  await waitFor('the theft', async () => {
    const current = await direct.get(refOf('stolen'));
    const spec = { ...(await specOf('stolen')), holderIdentity: 'thief' };
    return await direct.replace({ ...current!, spec }).then(
      () => true,
      () => false,
    );
  });
  await waitFor('the loss', () => why !== '');
  expect(why).toBe('thief holds it now');
  expect(lease.held).toBe(false);
  await lease.release();
  expect(await specOf('stolen')).toMatchObject({ holderIdentity: 'thief' });
});

it('is no longer waited for once the signal aborts', async () => {
  await hold('busy', 'a');
  const controller = new AbortController();
  const waiting = hold('busy', 'b', { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
});

function decades(name: string): KubeObject {
  const { apiVersion, kind } = refOf(name);
  const spec = {
    holderIdentity: 'evil',
    leaseDurationSeconds: 2_000_000_000,
    renewTime: '2199-01-01T00:00:00.000000Z',
  };
  return { apiVersion, kind, metadata: { name, namespace: 'default' }, spec };
}

/** As someone who may write Leases. */
async function writeAgain(name: string, signal: AbortSignal): Promise<void> {
  for (let transitions = 1; !signal.aborted; transitions++) {
    const current = await direct.get(refOf(name));
    const spec = { ...(await specOf(name)), holderIdentity: 'evil', leaseTransitions: transitions };
    await direct.replace({ ...current!, spec }).catch(() => undefined);
  }
}
