// The end of a log stands in for the message that Kubernetes does not keep of an orderly end; read once an end.

import { beforeEach, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import type { LogOptions } from '../../src/kube/cluster.ts';
import { createLastLogs, type LastLogs } from '../../src/controller/node/last-logs.ts';

const LOW = 'ERROR Low disk space. Gracefully shutting down Geth to prevent database corruption. available=0.00B';
let asked: LogOptions[];
let answer: () => Promise<string>;
let logs: LastLogs;
beforeEach(() => {
  asked = [];
  answer = async () => LOW;
  logs = createLastLogs({
    async logs(_pod, options) {
      asked.push(options);
      return await answer();
    },
  });
});

function aPod(status: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a-0', namespace: 'ns', uid: 'u', ...metadata },
    status: { phase: 'Running', containerStatuses: [{ name: 'el', ready: false, restartCount: 2, ...status }] },
  };
}

const ended = (exitCode: number, message?: string) => ({ terminated: { exitCode, reason: 'x', message } });
const looping = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(0) };

it('is the message of a container that ended with exit code 0, read once for each end', async () => {
  const pod = aPod(looping);
  for (const _time of [1, 2]) {
    const [completed] = await logs.complete([pod]);
    expect(completed?.['status']).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ name: 'el', restartCount: 2, lastState: { terminated: { exitCode: 0, message: LOW } } }],
    });
  }
  expect(asked).toEqual([{ container: 'el', tailLines: 60, limitBytes: 65_536, previous: true }]);
  await logs.complete([aPod({ ...looping, restartCount: 3 })]);
  await logs.complete([aPod({ state: ended(0), restartCount: 3 })]);
  expect(asked.map(({ previous }) => previous)).toEqual([true, true, false]);
});

it.each([
  { because: 'a failure, of which the kubelet keeps a message', pod: aPod({ state: ended(1) }) },
  { because: 'an end with a message', pod: aPod({ state: ended(0, 'bye') }) },
  {
    because: 'a container that is ready again',
    pod: aPod({ ready: true, state: { running: {} }, lastState: ended(0) }),
  },
  { because: 'a pod that is being deleted', pod: aPod({ state: ended(0) }, { deletionTimestamp: 'now' }) },
  { because: 'a container that never ended', pod: aPod({ state: { waiting: { reason: 'ContainerCreating' } } }) },
  { because: 'a pod without a status', pod: { ...aPod({}), status: undefined } },
])('nothing is asked for $because', async ({ pod }) => {
  expect(await logs.complete([pod])).toEqual([pod]);
  expect(asked).toEqual([]);
});

it('is missing when the log can not be read', async () => {
  answer = async () => await Promise.reject(new Error('gone'));
  const [completed] = await logs.complete([aPod(looping)]);
  expect(completed?.['status']).toMatchObject({ containerStatuses: [{ lastState: { terminated: { message: '' } } }] });
});
