// Events are read only of objects that keep a pod from running, and ever less often.

import { beforeEach, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { createOwnEvents, type NodeObjects, type OwnEvents } from '../../src/controller/node/own-events.ts';

let time: number;
let asked: string[];
let answer: () => Promise<readonly KubeObject[]>;
let events: OwnEvents;
beforeEach(() => {
  time = 0;
  asked = [];
  answer = async () => [object('Event', 'e')];
  const cluster = {
    async list(_kind: unknown, options: { readonly fieldSelector?: string } = {}) {
      asked.push(options.fieldSelector ?? '');
      return await answer();
    },
  };
  events = createOwnEvents(cluster, () => time);
});

function object(kind: string, name: string, rest: object = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'ns', uid: `${name}-uid` }, ...rest };
}

const pod = (phase: string) => object('Pod', 'a-0', { status: { phase } });
const claim = (phase: string) => object('PersistentVolumeClaim', 'data-a-0', { status: { phase } });
function objectsOf(pods: readonly KubeObject[], pvcs: readonly KubeObject[] = [], replicas = 1): NodeObjects {
  const statefulSet = object('StatefulSet', 'a', { spec: { replicas } });
  return { node: object('BlockchainNode', 'a'), statefulSet, pods, pvcs };
}

const KEY = 'ns/a';

it('reads those of the StatefulSet when no pod appears, at intervals that double up to five minutes', async () => {
  const waits: number[] = [];
  for (let reads = 0; reads < 9; reads++) {
    await events.about(objectsOf([]));
    const due = events.dueIn(KEY) ?? NaN;
    waits.push(due);
    time += due - 1;
    const before = asked.length;
    await events.about(objectsOf([]));
    expect(asked.length).toBe(before);
    time += 1;
  }
  expect(waits.map((ms) => ms / 1000)).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  expect(new Set(asked)).toEqual(new Set(['involvedObject.kind=StatefulSet,involvedObject.uid=a-uid']));
  expect(await events.about(objectsOf([]))).toHaveLength(1);
});

it('reads those of a pending pod and of its PVCs without a volume', async () => {
  const waiting = objectsOf([pod('Pending')], [claim('Pending'), object('PersistentVolumeClaim', 'x', { status: { phase: 'Bound' } })]);
  await events.about(waiting);
  time += 5000;
  await events.about(waiting);
  expect(asked).toEqual([
    'involvedObject.kind=Pod,involvedObject.uid=a-0-uid',
    'involvedObject.kind=PersistentVolumeClaim,involvedObject.uid=data-a-0-uid',
  ]);
}); // prettier-ignore

it.each([
  { because: 'a pod that runs', objects: objectsOf([pod('Running')]) },
  { because: 'a stopped node', objects: objectsOf([], [], 0) },
  { because: 'a node without a StatefulSet', objects: { ...objectsOf([]), statefulSet: undefined } },
])('sends no request for $because', async ({ objects }) => {
  expect(await events.about(objects)).toEqual([]);
  expect(events.dueIn(KEY)).toBeUndefined();
  expect(asked).toEqual([]);
});

it('begins again when something else is waited for', async () => {
  await events.about(objectsOf([]));
  time += 5000;
  expect(await events.about(objectsOf([]))).toHaveLength(1);
  expect(await events.about(objectsOf([pod('Pending')]))).toEqual([]);
  expect(events.dueIn(KEY)).toBe(5000);
});

it('keeps what it read when Events cannot be read', async () => {
  await events.about(objectsOf([]));
  time += 5000;
  await events.about(objectsOf([]));
  time += 10_000;
  answer = async () => await Promise.reject(new Error('forbidden'));
  expect(await events.about(objectsOf([]))).toHaveLength(1);
});
