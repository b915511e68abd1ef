// A Lease without a holder, on a real API server: only a proof of the holder that was seen says that it has stopped.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { ANNOTATION } from '../../src/api/group.ts';
import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { holdLease, type Lease, type LeaseOptions } from '../../src/kube/lease/lease.ts';
import { holdSoleLease } from '../../src/kube/lease/sole.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let cluster: ApiCluster;
beforeAll(async () => {
  api = await privateApiServer();
  cluster = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
});
const held: Lease[] = [];
const waiting = new AbortController();
afterEach(async () => {
  await Promise.all(held.splice(0).map(async (lease) => await lease.release()));
});
afterAll(async () => {
  waiting.abort();
  await cluster?.close();
  await api?.stop();
});

const SHORT = { durationMs: 2000, renewDeadlineMs: 1200, retryMs: 50 };
/** Longer than a test may take: nothing is free by silence. */
const LONG = { durationMs: 600_000, renewDeadlineMs: 300_000, retryMs: 50 };

const refOf = (name: string, namespace = 'default'): Ref & { readonly namespace: string } => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace,
  name,
});

interface Written {
  readonly holder: string;
  /** Of the holder. */
  readonly secret?: string;
  /** That is shown. */
  readonly released?: string;
}

/** As anyone who may write Leases. */
async function write(ref: Ref, { holder, secret, released }: Written): Promise<void> {
  const annotations = {
    ...(secret === undefined ? {} : { [ANNOTATION.leaseProof]: sha256(secret) }),
    ...(released === undefined ? {} : { [ANNOTATION.leaseReleased]: released }),
  };
  const spec = {
    holderIdentity: holder,
    leaseDurationSeconds: 1,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  await waitFor('the Lease is written', async () => {
    const live = await cluster.get(ref);
    const { namespace, name } = ref;
    const metadata = {
      ...(live?.metadata ?? { ...(namespace === undefined ? {} : { namespace }), name }),
      annotations,
    };
    const object: KubeObject = { apiVersion: ref.apiVersion, kind: ref.kind, metadata, spec };
    const written = live === undefined ? cluster.create(object) : cluster.replace(object);
    return await written.then(
      () => true,
      () => false,
    );
  });
}

async function remove(ref: Ref): Promise<void> {
  const live = await cluster.get(ref);
  await cluster.remove(ref, { uid: live?.metadata.uid ?? '', propagation: 'Background' });
}

interface Waiter {
  readonly taken: Promise<Lease>;
  /** Waits until it has read the Lease as it is now. */
  hasRead(): Promise<void>;
}

function waiter(name: string, more: Partial<LeaseOptions> = {}): Waiter {
  let reads = 0;
  const get: ApiCluster['get'] = async (...args) => {
    const live = await cluster.get(...args);
    reads += 1;
    return live;
  };
  const taken = holdLease({
    cluster: { ...cluster, get },
    namespace: 'default',
    name,
    identity: 'waiter',
    signal: waiting.signal,
    onLost: () => undefined,
    times: SHORT,
    ...more,
  });
  taken.then(
    (lease) => held.push(lease),
    () => undefined,
  );
  return {
    taken,
    async hasRead() {
      // The read under way may have begun before.
      const enough = reads + 2;
      await waitFor('it has read the Lease', () => reads >= enough);
    },
  };
}

const A: Written = { holder: 'a', secret: 'secret of a' };

interface Row {
  readonly because: string;
  readonly first?: Written;
  readonly then: (ref: Ref, waits: Waiter) => Promise<void>;
}

const unproven: readonly Row[] = [
  { because: 'is emptied', then: async (ref) => await write(ref, { holder: '' }) },
  { because: 'is emptied, of an older version', first: { holder: 'a' }, then: async (ref) => await write(ref, { holder: '' }) },
  { because: 'is deleted', then: remove },
  { because: 'names the process that waits', then: async (ref) => await write(ref, { holder: 'waiter' }) },
  { because: 'is emptied with the secret of another', then: async (ref) => await write(ref, { holder: '', released: 'x' }) },
  {
    because: 'is emptied with the secret of a hash that was put there',
    async then(ref, waits) {
      await write(ref, { holder: 'a', secret: 'evil' });
      await waits.hasRead();
      await write(ref, { holder: '', released: 'evil' });
    },
  },
  {
    because: 'is given back by another that was written in between',
    async then(ref, waits) {
      await write(ref, { holder: 'evil', secret: 'evil' });
      await waits.hasRead();
      await write(ref, { holder: '', released: 'evil' });
    },
  },
]; // prettier-ignore

it.each(unproven)('is not free before the duration of the holder has passed when it $because', async (row) => {
  const ref = refOf(row.because.replaceAll(/[^a-z]+/g, '-'));
  await write(ref, row.first ?? A);
  const waits = waiter(ref.name);
  await waits.hasRead();
  const since = performance.now();
  await row.then(ref, waits);
  expect((await waits.taken).held).toBe(true);
  expect(performance.now() - since).toBeGreaterThan(SHORT.durationMs);
});

it('is free at once with the proof of the holder', async () => {
  const ref = refOf('proof');
  await write(ref, A);
  const waits = waiter(ref.name, { times: LONG });
  await waits.hasRead();
  await write(ref, { ...A, holder: '', released: 'secret of a' });
  expect((await waits.taken).held).toBe(true);
});

it('is free at once for a third process, which saw neither the release nor the next holder take it', async () => {
  const ref = refOf('third');
  await write(ref, A);
  const waits = waiter(ref.name, { times: LONG });
  await waits.hasRead();
  await write(ref, { holder: 'b', secret: 'secret of b', released: 'secret of a' });
  await waits.hasRead();
  await write(ref, { holder: '', released: 'secret of b' });
  expect((await waits.taken).held).toBe(true);
});

it('passes from process to process at once, and each shows its secret only when it gives it back', async () => {
  const first = await waiter('passed', { identity: 'a', times: LONG }).taken;
  const shown = async (): Promise<unknown> => (await cluster.get(refOf('passed')))?.metadata.annotations;
  expect(await shown()).toEqual({ [ANNOTATION.leaseProof]: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const b = waiter('passed', { identity: 'b', times: LONG });
  const c = waiter('passed', { identity: 'c', times: LONG });
  await b.hasRead();
  await c.hasRead();
  await first.release();
  const [second, last] = await Promise.race([
    b.taken.then((lease) => [lease, c] as const),
    c.taken.then((lease) => [lease, b] as const),
  ]);
  // The Lease shows one secret: who reads it seldom, and misses a whole term, waits for the duration.
  await last.hasRead();
  await second.release();
  expect([second.held, (await last.taken).held]).toEqual([false, true]);
});

it('stays with its holder when it is emptied or deleted once', async () => {
  const ref = refOf('once');
  const lost: string[] = [];
  const lease = await waiter(ref.name, { identity: 'a', onLost: (why) => void lost.push(why) }).taken;
  const isBack = async (): Promise<boolean> => JSON.stringify(await cluster.get(ref)).includes('"holderIdentity":"a"');
  await write(ref, { holder: '' });
  await waitFor('it is back', isBack);
  await remove(ref);
  await waitFor('it is back', async () => (await cluster.get(ref)) !== undefined && (await isBack()));
  expect({ lost, held: lease.held }).toEqual({ lost: [], held: true });
});

it('is given up by its holder when it is emptied again and again, because others then do not see it any more', async () => {
  const ref = refOf('again');
  const lost: string[] = [];
  const lease = await waiter(ref.name, { identity: 'a', onLost: (why) => void lost.push(why) }).taken;
  await waitFor('it is lost', async () => {
    if (lost.length === 0) await write(ref, { holder: '' });
    return lost.length > 0;
  });
  expect({ lost, held: lease.held }).toEqual({
    lost: ['something else empties or deletes it again and again'],
    held: false,
  });
});

it.each([
  { because: 'emptied', name: 'sole-emptied', then: async (ref: Ref) => await write(ref, { holder: '' }) },
  { because: 'deleted', name: 'sole-deleted', then: remove },
])('of another namespace counts until its duration has passed when it is $because', async ({ name, then }) => {
  const ref = refOf(name, 'other');
  await write(ref, A);
  let lists = 0;
  const list: ApiCluster['list'] = async (...args) => {
    const found = await cluster.list(...args);
    lists += 1;
    return found;
  };
  const options = {
    cluster: { ...cluster, list },
    namespace: 'default',
    name,
    identity: 'waiter',
    onLost: () => undefined,
  };
  const taken = holdSoleLease({ ...options, signal: waiting.signal, times: SHORT });
  void taken.then((lease) => held.push(lease));
  await waitFor('it has seen the other', () => lists > 1);
  const since = performance.now();
  await then(ref);
  expect((await taken).held).toBe(true);
  expect(performance.now() - since).toBeGreaterThan(SHORT.durationMs);
});
