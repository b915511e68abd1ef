// Events on a real API server, and on one that refuses them.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import { makeEvents, type Events } from '../../src/kube/events.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { redact } from '../../src/lib/redact.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';

let api: PrivateApiServer;
let cluster: ApiCluster;
let about: KubeObject;
let now = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  api = await privateApiServer();
  cluster = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  about = await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

function events(more: Partial<Parameters<typeof makeEvents>[0]> = {}): Events {
  return makeEvents({ cluster, component: 'nodewright', instance: 'pod-1', redactor: redact, now: () => now, ...more });
}

async function written(reason: string): Promise<readonly KubeObject[]> {
  return (await cluster.list(KINDS.Event)).filter((event) => event['reason'] === reason);
}

it('reports once what is said many times, and continues to count after five minutes, also over a restart', async () => {
  const first = events();
  const note = { about, type: 'Warning', reason: 'PodFailed', message: 'el is not reachable' } as const;
  for (let index = 0; index < 10; index++) first.emit(note);
  await first.flush();
  expect(await written('PodFailed')).toMatchObject([
    {
      count: 1,
      message: 'el is not reachable',
      involvedObject: { kind: 'ConfigMap', name: 'a', uid: about.metadata.uid },
    },
  ]);
  now += 5 * 60_000;
  first.emit(note);
  await first.flush();
  expect(await written('PodFailed')).toMatchObject([
    { count: 11, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:05:00Z' },
  ]);
  const second = events();
  second.emit(note);
  await second.flush();
  expect(await written('PodFailed')).toMatchObject([{ count: 12, firstTimestamp: '2026-01-01T00:00:00Z' }]);
});

it('redacts every message, before it is cut', async () => {
  const reporter = events();
  const key = Buffer.alloc(64, 7).toString('base64');
  const message = `password=hunter2 ${'x'.repeat(980)} ${key}`;
  reporter.emit({ about, type: 'Warning', reason: 'WorkFailed', message });
  await reporter.flush();
  const [event] = await written('WorkFailed');
  expect(event).toMatchObject({ message: `password=[redacted] ${'x'.repeat(980)} [redacted]` });
});

it('writes what it may not read', async () => {
  const refusing = {
    apply: cluster.apply.bind(cluster),
    create: cluster.create.bind(cluster),
    get: async () => await Promise.reject(new Error('forbidden')),
  };
  const reporter = events({ cluster: refusing });
  reporter.emit({ about, type: 'Normal', reason: 'Stopped', message: 'as asked' });
  await reporter.flush();
  expect(await written('Stopped')).toMatchObject([{ count: 1 }]);
});

it('begins a new series when the API server has forgotten the one before', async () => {
  const reporter = events();
  const note = { about, type: 'Warning', reason: 'Evicted', message: 'by the kubelet' } as const;
  reporter.emit(note);
  await reporter.flush();
  const [first] = await written('Evicted');
  const { name, uid } = first?.metadata ?? {};
  await cluster.remove(
    { apiVersion: 'v1', kind: 'Event', name: name ?? '', namespace: 'default' },
    { uid: uid ?? '', propagation: 'Background' },
  );
  now += 3 * 3_600_000;
  reporter.emit(note);
  await reporter.flush();
  const at = new Date(now).toISOString().replace('.000', '');
  expect(await written('Evicted')).toMatchObject([{ count: 1, firstTimestamp: at, lastTimestamp: at }]);
});

it('writes what changes back and forth each time, with the order in which it was said', async () => {
  const reporter = events();
  const base = { about, state: 'pushing' } as const;
  const failed = { ...base, type: 'Warning', reason: 'StatusPushFailed', message: 'no' } as const;
  const pushed = { ...base, type: 'Normal', reason: 'StatusPushed', message: 'yes' } as const;
  for (const note of [failed, pushed, failed, failed, pushed]) {
    now += 10;
    reporter.emit(note);
  }
  await reporter.flush();
  const [[no], [yes]] = [await written('StatusPushFailed'), await written('StatusPushed')];
  expect([no?.['count'], yes?.['count']]).toEqual([2, 2]);
  expect(no?.['lastTimestamp']).toBe(yes?.['lastTimestamp']);
  const saidAt = (event: KubeObject | undefined): string => event?.metadata.annotations?.[ANNOTATION.saidAt] ?? '';
  expect(saidAt(no) < saidAt(yes)).toBe(true);
});

it('reports another message, and another object, by itself', async () => {
  const reporter = events();
  const base = { about, type: 'Normal', reason: 'DriftRepaired' } as const;
  reporter.emit({ ...base, message: 'one' });
  reporter.emit({ ...base, message: 'two' });
  reporter.emit({ ...base, message: 'one', about: { ...about, metadata: { ...about.metadata, uid: 'other' } } });
  await reporter.flush();
  expect(await written('DriftRepaired')).toHaveLength(3);
});

it('cuts long messages, and finds a place for events about cluster-scoped objects', async () => {
  const reporter = events();
  const space = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' });
  reporter.emit({ about: space!, type: 'Normal', reason: 'ApplyFailed', message: 'x'.repeat(5000) });
  await reporter.flush();
  const [event] = await written('ApplyFailed');
  expect(String(event?.['message'])).toHaveLength(1024);
  expect(event?.metadata.namespace).toBe('default');
});

it('never breaks what it reports on', async () => {
  const warnings: [string, object][] = [];
  const limited = connectCluster({ kubeconfig: await api.kubeconfig('limited') });
  const log = { info: () => undefined, warn: (facts: object, message: string) => void warnings.push([message, facts]) };
  const refused = events({ cluster: limited, log });
  for (let index = 0; index < 1000; index++) {
    refused.emit({ about, type: 'Normal', reason: 'Refused', message: `number ${index}` });
  }
  await refused.flush();
  expect(await written('Refused')).toEqual([]);
  expect(warnings.filter(([text]) => text === 'Writing an Event failed')).toHaveLength(256);
  // Said once, and how many it were.
  expect(warnings.filter(([text]) => text.startsWith('Dropp'))).toEqual([
    ['Dropping Events because too many are waiting', { waiting: 256 }],
    ['Dropped Events', { dropped: 744 }],
  ]);
  await limited.close();
});

it('has room for a warning when a whole fleet reports its progress', async () => {
  const reporter = events();
  for (let index = 0; index < 300; index++)
    reporter.emit({ about, type: 'Normal', reason: 'Progressing', message: `number ${index}` });
  reporter.emit({ about, type: 'Warning', reason: 'Held', message: 'an approval is required' });
  await reporter.flush();
  expect(await written('Progressing')).toHaveLength(256);
  expect(await written('Held')).toHaveLength(1);
});
