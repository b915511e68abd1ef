// What an API server answers, and what in its objects others have written.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import type { KubeObject } from '../../../src/api/objects.ts';
import { replicasOf } from '../../../src/jobs/layouts/read-workload.ts';
import { layouts } from '../../../src/jobs/layouts/index.ts';
import { blockNumberIn, controllerPort } from '../../../src/jobs/layouts/controller-service.ts';
import { loadConfig } from '../../../src/kube/config.ts';
import { schemas, serves, version } from '../../../src/kube/discovery.ts';
import { valueAt } from '../../../src/lib/json-value.ts';
import { KubeError } from '../../../src/kube/kube-error.ts';
import { readLeaseHolder } from '../../../src/kube/lease/holder.ts';
import { Sightings } from '../../../src/kube/lease/sightings.ts';
import { listAll } from '../../../src/kube/list.ts';
import { readErrorResponse } from '../../../src/kube/read-status.ts';
import { type Rest, parseJson } from '../../../src/kube/rest.ts';
import { parseRetryAfter } from '../../../src/kube/retry.ts';
import { strip } from '../../../src/kube/strip.ts';
import { watchEvents } from '../../../src/kube/watch.ts';
import { excerpt, saysDiskFull } from '../../../src/status/excerpt.ts';
import { currentPod, readEvents, readPvcs, readStatefulSet } from '../../../src/status/pod-view.ts';
import type { Reader } from '../reader.ts';
import { scratchFolder } from '../scratch-folder.ts';

const KIND = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const OBJECT = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
  data: {},
};
const STATUS = {
  kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Conflict', message: 'Apply failed', code: 409,
  details: { retryAfterSeconds: 1, causes: [{ reason: 'FieldManagerConflict', field: '.spec.replicas', message: 'conflict with "kubectl" using v1' }] },
}; // prettier-ignore
const POD = {
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-0', namespace: 'ns', uid: 'u', creationTimestamp: '2026-03-01T11:00:00Z' },
  spec: { nodeName: 'n', containers: [{ name: 'controller', ports: [{ name: 'grpc', containerPort: 50_004 }] }] },
  status: {
    phase: 'Running', podIP: '192.0.2.1', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'm' }],
    containerStatuses: [{ name: 'el', ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff', message: 'm' } }, lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'panic: x', finishedAt: '2026-03-01T11:00:00Z' } } }],
  },
}; // prettier-ignore
const WORKLOAD = {
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'n', namespace: 'ns', labels: { 'app.kubernetes.io/chain-name': 'c' } },
  spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { spec: { securityContext: { runAsUser: 1 }, containers: [{ name: 'c', image: 'x/kms_sm:1' }], volumes: [{ name: 'node-config', configMap: { name: 'n-config' } }] } } },
}; // prettier-ignore
const KUBECONFIG = {
  apiVersion: 'v1', kind: 'Config', 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'n' } }],
  clusters: [{ name: 'k', cluster: { server: 'https://192.0.2.1:6443', 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: { token: 't', tokenFile: '/none' } }],
}; // prettier-ignore

/** An API server that answers everything with the same text. */
function restThatSays(text: string): Rest {
  return {
    text: () => Promise.resolve(text),
    json: () => new Promise((resolve) => resolve(parseJson(text, { verb: 'get', about: 'it' }))),
    stream: () =>
      Promise.resolve(
        Readable.from([Buffer.from(text.slice(0, 100)), Buffer.from(text.slice(100)), Buffer.from('\n')]),
      ),
  };
}

function valueOf(input: Buffer): KubeObject | undefined {
  try {
    const value: unknown = JSON.parse(input.toString());
    // Every object of an API server has these, with anything else in it.
    return typeof value === 'object' && value !== null
      ? { apiVersion: 'v1', kind: 'X', ...value, metadata: metadataOf(value) }
      : undefined;
  } catch {
    return undefined;
  }
}

function metadataOf(value: object): KubeObject['metadata'] {
  const metadata: unknown = Reflect.get(value, 'metadata');
  const labels = Object.entries(valueAt(metadata, ['labels']) ?? {}).map(([name, label]) => [
    name,
    String(label)
      .replaceAll(/[^\w.-]/g, '')
      .slice(0, 63),
  ]);
  return {
    ...(typeof metadata === 'object' ? metadata : {}),
    name: 'a',
    namespace: 'ns',
    labels: Object.fromEntries(labels),
  };
}

const HELD = {
  metadata: { annotations: { 'validatoros.com/lease-proof': 'b'.repeat(64) } },
  spec: { holderIdentity: 'h' },
};

function leaseOf(resourceVersion: string, { metadata, ...rest }: { metadata: object; spec?: object }): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', resourceVersion, ...metadata },
    ...rest,
  };
}

const file = join(scratchFolder(), 'kubeconfig');
const isKube = (error: unknown): boolean => error instanceof KubeError;
const shared = { isJson: true, cases: 150 } as const;

export const readers: readonly Reader[] = [
  {
    ...shared,
    name: 'kube-status',
    corpus: [JSON.stringify(STATUS), JSON.stringify({ ...STATUS, reason: 'AlreadyExists', code: 422 })],
    read: (input) => {
      const found = [409, 422, 500].map((status) =>
        readErrorResponse({ status, text: input.toString() }, 'apply ConfigMap ns/a', status === 422),
      );
      return found.map(({ message, code, reason, retryAfterMs, conflicts }) => ({
        message,
        code,
        reason,
        retryAfterMs,
        conflicts,
      }));
    },
  },
  {
    ...shared,
    name: 'kube-watch',
    corpus: [JSON.stringify({ type: 'ADDED', object: OBJECT }), JSON.stringify({ type: 'ERROR', object: STATUS })],
    read: async (input) => {
      const events = watchEvents(restThatSays(input.toString()), {
        kind: KIND, resourceVersion: '1', signal: new AbortController().signal, timeoutSeconds: 1, inactivityMs: 5000, onOpen: () => undefined, onContact: () => undefined,
      }); // prettier-ignore
      const found: unknown[] = [];
      for await (const event of events) found.push(event);
      return found;
    },
    mayThrow: isKube,
  },
  {
    ...shared,
    name: 'kube-list',
    corpus: [
      JSON.stringify({
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '9' },
        items: [OBJECT, OBJECT],
      }),
    ],
    read: async (input) =>
      await listAll(restThatSays(input.toString().replaceAll('"continue"', '"x"')), {
        kind: KIND,
        shape: (object) => strip(object),
      }),
    mayThrow: isKube,
  },
  {
    ...shared,
    name: 'kube-discovery',
    corpus: [
      JSON.stringify({
        gitVersion: 'v1.36.3',
        resources: [{ name: 'configmaps' }],
        components: { schemas: { a: { 'x-kubernetes-group-version-kind': [{ kind: 'A' }], properties: {} } } },
      }),
    ],
    read: async (input) => {
      const rest = restThatSays(input.toString());
      return [await serves(rest, KIND), await schemas(rest, 'v1'), await version(rest)];
    },
    mayThrow: isKube,
  },
  {
    ...shared,
    name: 'kube-pod',
    corpus: [JSON.stringify(POD)],
    // They are cleaned where they are shown: see termination-log.
    messages: () => [],
    read: (input) => {
      const pod = valueOf(input);
      return pod === undefined
        ? []
        : [currentPod([pod]), readPvcs([pod]), readEvents([pod]), readStatefulSet(pod), controllerPort(pod)];
    },
  },
  {
    ...shared,
    name: 'kube-workload',
    corpus: [JSON.stringify(WORKLOAD)],
    read: (input) => {
      const workload = valueOf(input);
      if (workload === undefined) return [];
      const objects = { workload, pvcs: new Map([['datadir-n-0', workload]]) };
      return [replicasOf(workload), ...layouts.map((layout) => layout.read({ chain: 'c', node: 'n' }, objects))];
    },
  },
  {
    ...shared,
    name: 'kube-lease',
    corpus: [JSON.stringify({ spec: { holderIdentity: 'u', renewTime: '2026-03-01T11:00:00.000000Z' } })],
    read: async (input) =>
      await readLeaseHolder(
        { get: () => Promise.resolve(valueOf(input)) },
        { apiVersion: 'v1', kind: 'Lease', name: 'l' },
      ),
  },
  {
    ...shared,
    name: 'kube-lease-sightings',
    corpus: [
      JSON.stringify({
        metadata: { resourceVersion: '1', annotations: { 'validatoros.com/lease-proof': 'a'.repeat(64) } },
        spec: { holderIdentity: 'u', leaseDurationSeconds: 15 },
      }),
    ],
    read: (input) => {
      const sightings = new Sightings('own', { durationMs: 15_000, maxPromiseMs: 60_000 });
      const others = { 'validatoros.com/lease-released': input.toString().slice(0, 200) };
      sightings.see(leaseOf('1', HELD));
      sightings.see(valueOf(input));
      sightings.see(leaseOf('2', { metadata: { annotations: others } }));
      if (sightings.isFree) throw new Error('a holder that was seen counts as gone without its proof');
      return sightings.holder;
    },
  },
  {
    ...shared,
    name: 'kubeconfig',
    cases: 60,
    corpus: [JSON.stringify(KUBECONFIG)],
    read: (input) => {
      writeFileSync(file, input);
      return loadConfig({ kubeconfig: file }).getCurrentContext();
    },
    mayThrow: isKube,
  },
  {
    name: 'retry-after',
    corpus: ['120', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    read: (input) => parseRetryAfter(input.toString(), 0),
  },
  {
    name: 'termination-log',
    corpus: [
      'INFO [03-01|12:00:00.000] start\nERROR[03-01|12:00:01.000] database failed\npanic: no space left on device\n',
      '{"level":"fatal","msg":"x"}\n',
    ],
    read: (input) => ({ message: excerpt(input.toString(), 'before'), full: saysDiskFull(input.toString()) }),
  },
  {
    name: 'grpc-height',
    corpus: [Buffer.from('08d20912026869', 'hex'), Buffer.from('08ffffffffffffffff7f', 'hex')],
    read: (input) => blockNumberIn(input),
  },
];
