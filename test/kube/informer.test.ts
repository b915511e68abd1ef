// The informer against a real API server, through everything that networks and servers do to watches.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { keyOf, type KubeObject, type Ref } from '../../src/api/objects.ts';
import { codeOf } from '../../src/lib/errors.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import type { Informer, InformOptions, Kind } from '../../src/kube/cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { faultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

type Change = Parameters<InformOptions['onChange']>[0];

/** An informer with everything it reported. */
interface Watched {
  readonly informer: Informer;
  readonly changes: Change[];
  stop(): void;
}

let api: PrivateApiServer;
let proxy: FaultProxy;
/** Straight to the server: what the world is. */
let direct: ApiCluster;
/** Through the proxy: what is tested. */
let cluster: ApiCluster;
let space = '';
let count = 0;
const running: Watched[] = [];
const logged: { readonly message: string; readonly facts: Readonly<Record<string, unknown>> }[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  api = await privateApiServer();
  proxy = await faultProxy(api.url, api.certificates);
  direct = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  cluster = connectCluster({
    kubeconfig: await api.kubeconfig('admin', proxy.url),
    informerTimes: { inactivityMs: 3000, backoff: { baseMs: 50, maxMs: 1000 }, quietMs: 500 },
    log: {
      info: (facts, message) => void logged.push({ facts, message }),
      warn: (facts, message) => void logged.push({ facts, message }),
    },
  });
});
afterEach(() => {
  for (const watched of running.splice(0)) watched.stop();
  proxy.rule = () => undefined;
  proxy.latencyMs = 0;
});
afterAll(async () => {
  await cluster?.close();
  await direct?.close();
  await proxy?.stop();
  await api?.stop();
  process.off('unhandledRejection', onUnhandled);
});

/** A namespace of its own for every test. */
async function newSpace(): Promise<void> {
  space = `space-${++count}`;
  await direct.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: space } });
}

function timesLogged(message: string): number {
  return logged.filter((line) => line.message === message).length;
}

function inform(kind: Kind = KINDS.ConfigMap, onChange: (change: Change) => unknown = () => undefined): Watched {
  const controller = new AbortController();
  const changes: Change[] = [];
  const informer = cluster.inform(kind, {
    namespace: space,
    signal: controller.signal,
    onChange: (change) => {
      changes.push(change);
      return onChange(change);
    },
  });
  const watched = { informer, changes, stop: () => controller.abort() };
  running.push(watched);
  return watched;
}

function item(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: space }, data };
}

async function put(name: string, value: string): Promise<KubeObject> {
  return await direct.apply(item(name, { value }), { fieldManager: 'test', force: true });
}

async function drop(name: string): Promise<void> {
  const ref: Ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: space, name };
  const uid = (await direct.get(ref))?.metadata.uid ?? '';
  await direct.remove(ref, { uid, propagation: 'Background' });
}

function byKey(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Waits until the copy equals the world, then checks that the reports add up to it, each state reported once. */
async function becomesTrue({ informer, changes }: Watched): Promise<void> {
  const world = byKey(await direct.list(KINDS.ConfigMap, { namespace: space }));
  const versions = (objects: readonly KubeObject[]): string =>
    byKey(objects)
      .map((object) => `${keyOf(object)}@${object.metadata.resourceVersion}`)
      .join(' ');
  await waitFor('the copy to equal the world', () => versions(informer.list()) === versions(world));
  expect(byKey(informer.list())).toEqual(world);
  const reported = new Map<string, KubeObject>();
  for (const { key, old, now } of changes) {
    expect(reported.get(key), `what was reported before about ${key}`).toEqual(old);
    expect(now, 'a change to nothing, from nothing').not.toEqual(old);
    if (now === undefined) reported.delete(key);
    else reported.set(key, now);
  }
  expect(byKey([...reported.values()])).toEqual(world);
}

const watches = (): number => proxy.seen.filter(({ isWatch, path }) => isWatch && path.includes(`/${space}/`)).length;
const lists = (): number =>
  proxy.seen.filter(
    ({ isWatch, path, method }) => !isWatch && method === 'GET' && path.endsWith(`/${space}/configmaps`),
  ).length;

describe('in good weather', () => {
  it('lists, then follows creations, changes and deletions', async () => {
    await newSpace();
    await put('a', '1');
    const begin = Date.now();
    const watched = inform();
    expect(watched.informer.isSynced).toBe(false);
    expect(watched.informer.lastContact).toBe(0);
    await watched.informer.synced();
    expect(watched.informer.get(`${space}/a`)).toMatchObject({ data: { value: '1' } });
    expect(watched.informer.get(`${space}/a`)?.metadata).not.toHaveProperty('managedFields');
    await put('a', '2');
    await put('b', '1');
    await drop('a');
    await becomesTrue(watched);
    expect(watched.informer.trouble).toBeUndefined();
    expect(watched.informer.lastContact).toBeGreaterThanOrEqual(begin);
    expect(lists()).toBe(1);
    expect(watches()).toBe(1);
  });

  it('reports an object with the same name and another UID as a deletion and a creation', async () => {
    await newSpace();
    const before = await put('a', '1');
    const watched = inform();
    await watched.informer.synced();
    proxy.rule = ({ path }) => (path.includes(space) ? { do: 'reset', when: 'before' } : undefined);
    proxy.resetAll();
    await drop('a');
    const after = await put('a', '1');
    proxy.rule = ({ isWatch }) => (isWatch && lists() < 2 ? { do: 'answer', status: 410 } : undefined);
    await becomesTrue(watched);
    expect(watched.changes.map(({ old, now }) => [old?.metadata.uid, now?.metadata.uid])).toEqual([
      [undefined, before.metadata.uid],
      [before.metadata.uid, undefined],
      [undefined, after.metadata.uid],
    ]);
  });

  it('survives handlers that throw, and async ones that reject', async () => {
    await newSpace();
    const thrower = inform(KINDS.ConfigMap, () => {
      throw new Error('handler');
    });
    const rejecter = inform(KINDS.ConfigMap, () => Promise.reject(new Error('handler')));
    await Promise.all([thrower.informer.synced(), rejecter.informer.synced()]);
    await put('a', '1');
    await put('b', '1');
    await Promise.all([becomesTrue(thrower), becomesTrue(rejecter)]);
    expect(logged).toContainEqual(expect.objectContaining({ message: 'A change handler failed' }));
  });
});

describe('in bad weather', () => {
  it('misses nothing and reports nothing twice while the server is restarted', async () => {
    await newSpace();
    for (let index = 0; index < 20; index++) await put(`n${index}`, '1');
    const watched = inform();
    await watched.informer.synced();
    await drop('n0');
    // These two reach the server, but hardly the watch.
    await put('n1', '2');
    await api.restart(async () => {
      await waitFor('the informer to notice', () => watched.informer.trouble !== undefined);
      expect(watched.informer.list().length).toBeGreaterThanOrEqual(19);
    });
    await drop('n2');
    await put('n3', '2');
    await put('new', '1');
    await becomesTrue(watched);
    await waitFor('the trouble to pass', () => watched.informer.trouble === undefined);
  });

  it('logs the begin and the end of an outage once for all kinds', async () => {
    await newSpace();
    const kinds = [KINDS.ConfigMap, KINDS.Secret, KINDS.Pod];
    const all = kinds.map((kind) => inform(kind));
    await Promise.all(all.map(async ({ informer }) => await informer.synced()));
    await waitFor(
      'no outage of another test',
      () => timesLogged('Watching was restored') === timesLogged('Watching was interrupted'),
    );
    const before = logged.length;
    await api.restart(async () => {
      await waitFor('all to notice', () => all.every(({ informer }) => informer.trouble !== undefined));
    });
    await waitFor('the end is logged', () =>
      logged.slice(before).some(({ message }) => message === 'Watching was restored'),
    );
    const lines = logged.slice(before).filter(({ message }) => message.startsWith('Watching'));
    expect(lines.map(({ message }) => message)).toEqual(['Watching was interrupted', 'Watching was restored']);
    expect(lines[1]?.facts).toMatchObject({
      kinds: kinds.map(({ kind }) => `${kind} in ${space}`).sort(),
      interruptions: expect.any(Number),
      seconds: expect.any(Number),
    });
    expect(Number(lines[1]?.facts['interruptions'])).toBeGreaterThanOrEqual(kinds.length);
  });

  it('sees the deletions that happened while it was cut off for so long that its version is gone', async () => {
    await newSpace();
    await Promise.all(['a', 'b', 'c'].map((name) => put(name, '1')));
    const watched = inform();
    await watched.informer.synced();
    proxy.rule = ({ path }) => (path.includes(space) ? { do: 'reset', when: 'before' } : undefined);
    proxy.resetAll();
    await waitFor('the informer to notice', () => watched.informer.trouble !== undefined);
    await drop('b');
    await put('c', '2');
    let refused = 0;
    proxy.rule = ({ isWatch }) => (isWatch && refused++ < 1 ? { do: 'answer', status: 410 } : undefined);
    await becomesTrue(watched);
    expect(watched.changes.filter(({ now }) => now === undefined).map(({ key }) => key)).toEqual([`${space}/b`]);
    expect(lists()).toBeGreaterThanOrEqual(2);
  });

  it.each([
    { because: 'the connection is reset after every event', hard: true },
    { because: 'the server ends the watch in good order after every event', hard: false },
  ])('continues at its version: $because', async ({ hard }) => {
    await newSpace();
    proxy.rule = ({ isWatch, path }) =>
      isWatch && path.includes(space) ? { do: 'cut', afterEvents: 1, hard } : undefined;
    const watched = inform();
    await watched.informer.synced();
    const before = lists();
    for (let index = 0; index < 8; index++) await put(`n${index % 4}`, String(index));
    await drop('n3');
    await becomesTrue(watched);
    expect(watches()).toBeGreaterThan(3);
    expect(lists(), 'no list again').toBe(before);
  });

  it('leaves a watch that has fallen silent, and misses nothing of the silence', async () => {
    await newSpace();
    let silences = 0;
    proxy.rule = ({ isWatch, path }) =>
      isWatch && path.includes(space) && silences++ < 1 ? { do: 'silence' } : undefined;
    const watched = inform();
    await watched.informer.synced();
    await put('a', '1');
    await becomesTrue(watched);
    expect(silences).toBeGreaterThanOrEqual(2);
  });

  it('takes bookmarks as its place, and an ERROR event as what it is', async () => {
    await newSpace();
    await put('a', '1');
    const bookmarked = (await put('b', '1')).metadata.resourceVersion;
    const asked: (string | null)[] = [];
    const says = [
      { type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: bookmarked } } },
      { type: 'ERROR', object: { apiVersion: 'v1', kind: 'Status', code: 500, message: 'etcdserver: no leader' } },
      { type: 'ERROR', object: { apiVersion: 'v1', kind: 'Status', code: 410, reason: 'Expired' } },
    ];
    proxy.rule = ({ isWatch, path, query }) => {
      if (!isWatch || !path.includes(space)) return undefined;
      asked.push(query.get('resourceVersion'));
      const event = says[asked.length - 1];
      if (event === undefined) return undefined;
      return event.type === 'BOOKMARK' ? { do: 'answer', status: 200, body: event } : { do: 'say', event };
    };
    const watched = inform();
    await watched.informer.synced();
    await waitFor('the watch after the last event', () => asked.length === 4);
    await put('c', '1');
    await becomesTrue(watched);
    expect(asked.slice(1, 3)).toEqual([bookmarked, bookmarked]);
    expect(lists(), 'only the 410 makes it list again').toBe(2);
    expect(proxy.seen.find(({ isWatch }) => isWatch)?.query.get('allowWatchBookmarks')).toBe('true');
  });

  it('waits as long as a busy server asks, then continues', async () => {
    await newSpace();
    const times: number[] = [];
    proxy.rule = ({ isWatch, path }) => {
      if (!isWatch || !path.includes(space)) return undefined;
      times.push(performance.now());
      return times.length === 1 ? { do: 'answer', status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    const watched = inform();
    await watched.informer.synced();
    await put('a', '1');
    await becomesTrue(watched);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('does not hammer a server that refuses every watch', async () => {
    await newSpace();
    proxy.rule = ({ isWatch, path }) => (isWatch && path.includes(space) ? { do: 'answer', status: 410 } : undefined);
    const watched = inform();
    const started = performance.now();
    await waitFor('six watches', () => watches() >= 6);
    // 50 + 100 + 200 + 400 + 800 ms, of which half is certain.
    expect(performance.now() - started).toBeGreaterThan(700);
    expect(watched.informer.isSynced).toBe(true);
  });

  it('says why it does not work when one kind is forbidden, leaves the others alone, and works once it is allowed', async () => {
    await newSpace();
    const forbidden = { kind: 'Status', reason: 'Forbidden', message: 'secrets is forbidden' };
    proxy.rule = ({ path }) => (path.endsWith('/secrets') ? { do: 'answer', status: 403, body: forbidden } : undefined);
    const secrets = inform(KINDS.Secret);
    const others = inform();
    await others.informer.synced();
    await waitFor('the trouble', () => secrets.informer.trouble !== undefined);
    expect(secrets.informer.trouble).toMatchObject({ code: 'FORBIDDEN' });
    expect(secrets.informer.isSynced).toBe(false);
    await put('a', '1');
    await becomesTrue(others);
    expect(others.informer.trouble).toBeUndefined();
    proxy.rule = () => undefined;
    await secrets.informer.synced();
    expect(secrets.informer.trouble).toBeUndefined();
  });
});

describe('stopped', () => {
  const stoppable = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it.each([
    { because: 'during the first list', rule: () => ({ do: 'hang' }) as const, until: () => lists() > 0 },
    {
      because: 'during back-off',
      rule: () => ({ do: 'answer', status: 403 }) as const,
      until: ({ informer }: Watched) => informer.trouble !== undefined,
    },
    { because: 'during a watch', rule: () => undefined, until: () => watches() > 0 },
  ])('$because, it leaves nothing behind', async ({ rule, until }) => {
    await newSpace();
    const timers = stoppable();
    proxy.rule = ({ path }) => (path.includes(space) ? rule() : undefined);
    const watched = inform();
    await waitFor('the right moment', () => until(watched));
    const synced = watched.informer.isSynced;
    watched.stop();
    const waited = await watched.informer.synced().then(
      () => 'synced',
      (error: unknown) => codeOf(error),
    );
    expect(waited).toBe(synced ? 'synced' : 'ABORTED');
    await waitFor('its timers to be gone', () => stoppable() <= timers);
    const asked = proxy.seen.length;
    const reported = watched.changes.length;
    proxy.rule = () => undefined;
    await put('late', '1');
    // A revived one would have asked or reported by now: another informer has done all that meanwhile.
    const witness = inform();
    await becomesTrue(witness);
    expect(watched.changes).toHaveLength(reported);
    expect(proxy.seen.length - asked, "the witness's list and watch").toBeLessThanOrEqual(2);
  });

  it('closes the connection of every watch when the cluster is closed', async () => {
    await newSpace();
    const own = await faultProxy(api.url, api.certificates);
    const other = connectCluster({ kubeconfig: await api.kubeconfig('admin', own.url) });
    const signal = new AbortController().signal;
    const informers = [KINDS.ConfigMap, KINDS.Secret, KINDS.Pod].map((kind) =>
      other.inform(kind, { signal, onChange: () => undefined }),
    );
    await Promise.all(informers.map((informer) => informer.synced()));
    await waitFor('three watches', () => own.seen.filter(({ isWatch }) => isWatch).length === 3);
    await other.close();
    await waitFor('no connection', () => own.connectionsOpen === 0);
    const asked = own.seen.length;
    await own.stop();
    expect(own.seen).toHaveLength(asked);
  });
});

it('keeps 5,000 objects in little memory', async () => {
  await newSpace();
  const filler = 'x'.repeat(1000);
  const names = Array.from({ length: 5000 }, (_, index) => `n${index}`);
  await Promise.all(names.map((name) => direct.create(item(name, { filler }))));
  const before = process.memoryUsage().heapUsed;
  const watched = inform();
  await watched.informer.synced();
  expect(watched.informer.list()).toHaveLength(5000);
  watched.changes.length = 0;
  // 5,000 objects of about 1.4 kB; what the lists left over may still be there too.
  expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(120);
});

it('left no unhandled rejection behind in all of the above', () => {
  expect(unhandled).toEqual([]);
});
