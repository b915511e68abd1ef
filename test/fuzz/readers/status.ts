// What is read back from the status branch and from the controller's own objects.

import { readData } from '../../../src/controller/engine/memory-data.ts';
import { readLease } from '../../../src/controller/job/locks.ts';
import { createRecordReader } from '../../../src/controller/job/record-reader.ts';
import { readKeys } from '../../../src/keys/document.ts';
import { observeForeign } from '../../../src/keys/foreign.ts';
import { sha256 } from '../../../src/lib/hash.ts';
import { jobKinds } from '../../../src/jobs/kinds/index.ts';
import { textAt } from '../../../src/lib/json-value.ts';
import { judgeNote, recordKeyOf } from '../../../src/jobs/requests/confirm-note.ts';
import { UNREADABLE } from '../../../src/jobs/requests/record.ts';
import { readMemoryDocument } from '../../../src/status/memory-document.ts';
import { readSnapshot } from '../../../src/status/node-document.ts';
import { renderReadme } from '../../../src/status/readme.ts';
import { createTreeReader, glanceAtJob } from '../../../src/status/tree-nodes.ts';
import type { Reader } from '../reader.ts';

const T = '2026-03-01T12:00:00Z';
const KEYS = {
  executor: 'paris',
  keys: [{ key: `sha256:${sha256('k')}`, node: 'ns/a', since: T, state: 'Reserved', seal: sha256('s') }],
};
const MEMORY = {
  origin: 'https://git.example.com/fleet.git', appliedCommit: 'a'.repeat(40), appliedRevision: `main@sha1:${'a'.repeat(40)}`,
  identities: [{ node: 'ns/a', identity: 'ns/key' }], signers: [{ of: 'sha256:00', node: 'ns/a' }],
  volumes: [{ node: 'ns/a', record: { claims: [{ name: 'data-a-0', uid: 'u' }] } }],
  schedules: [{ schedule: 'ns/s', until: 1 }], unrecorded: ['Backup/ns/a'], recordsLostAt: 'unknown',
}; // prettier-ignore
const SYNC = {
  executor: 'paris', controllerVersion: '1.0.0', state: 'Synced', summary: 's', publishedAt: T,
  revision: { applied: 'main@sha1:1' }, problems: { total: 1, list: [{ level: 'error', place: 'a:1:1', message: 'm' }] },
  kept: { list: [{ node: 'ns/a', because: 'b' }] }, schedules: [{ schedule: 'ns/s', kind: 'Backup', suspended: false, next: T, last: T, skipped: '' }],
}; // prettier-ignore
const NODE = {
  node: 'a', namespace: 'ns', spec: { chain: 'ethereum', network: 'hoodi' },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', reason: 'R', message: 'm' }], hold: { message: 'h' } },
  snapshot: { takenAt: T, phase: 'Running', height: 1, roles: [{ name: 'el', height: 1 }] },
}; // prettier-ignore
const JOB = {
  kind: 'Backup', namespace: 'ns', name: 'one', executor: 'paris', phase: 'Complete', specDigest: 'sha256:1', uid: 'u', claimedAt: T, endedAt: T,
  nodes: ['a'], phases: [{ phase: 'Claimed', at: T }], message: 'm', height: 1, paused: ['a'], workloads: [{ node: 'a', workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a' }, replicas: 1 }],
}; // prettier-ignore
const NOTE = {
  uid: 'u',
  job: 'Backup ns/one',
  nodes: [
    { node: 'a', workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a' }, replicas: 1, wasRunning: true },
  ],
};
const OWN = { node: 'ns/a', since: T, state: 'Reserved', root: 'r', step: 2, seal: sha256('s') };
const DATA = {
  origin: 'o', appliedCommit: 'a'.repeat(40), identities: '{"ns/a":"ns/key"}', signers: '{}', volumes: '{}', unrecorded: '[]', released: '{"d":["x"]}',
  schedules: '{"ns/s":1}', skips: '{}', keys: JSON.stringify({ own: { k: OWN }, foreign: {}, signed: {} }),
}; // prettier-ignore

function asText(...values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(value));
}

/** The front page of the branch is made of what any controller wrote. */
function frontPage(path: string): Reader['read'] {
  return (input) => {
    const text = input.toString();
    const reader = createTreeReader();
    const page = renderReadme(new Map([[path, text]]), reader);
    return {
      read: [reader.node(path, text), reader.sync(path, text), reader.job(path, text), glanceAtJob(path, text)],
      page,
    };
  };
}

const shared = { isJson: true, cases: 150 } as const;
/** What the front page shows is cleaned there. */
const page = { ...shared, messages: (result: unknown) => (textAt(result, ['page']) ?? '').split('\n') };

export const readers: readonly Reader[] = [
  {
    ...shared,
    name: 'status-keys',
    corpus: asText(KEYS),
    read: (input) => {
      const tip = readKeys(new Map([['paris/keys.yaml', input.toString()]]));
      return observeForeign({ executor: 'tokyo', remembered: {}, approvals: new Set(), tip });
    },
  },
  { ...shared, name: 'status-memory', corpus: asText(MEMORY), read: (input) => readMemoryDocument(input.toString()) },
  { ...page, name: 'status-sync', corpus: asText(SYNC), read: frontPage('paris/sync.yaml') },
  { ...page, name: 'status-node', corpus: asText(NODE), read: frontPage('paris/nodes/ns/a.yaml') },
  { ...shared, name: 'status-snapshot', corpus: asText(NODE), read: (input) => readSnapshot(input.toString()) },
  { ...page, name: 'status-job', corpus: asText(JOB), read: frontPage('paris/jobs/backup/ns/one.yaml') },
  {
    ...shared,
    name: 'job-record',
    corpus: asText(JOB),
    read: (input) => [
      ...createRecordReader('paris').readAll(new Map([['paris/jobs/backup/ns/one.yaml', input.toString()]])),
    ],
  },
  {
    ...shared,
    name: 'lock-note',
    corpus: asText(NOTE),
    read: (input) => {
      const annotations = { 'validatoros.com/note': input.toString(), 'validatoros.com/holder': 'Backup ns/one' };
      const lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l', annotations },
        spec: { holderIdentity: 'u' },
      };
      const { note } = readLease(lease);
      if (note === undefined) return undefined;
      return [recordKeyOf(note), judgeNote(note, { isLoaded: true, hasRecords: true, record: UNREADABLE })];
    },
  },
  {
    ...shared,
    name: 'memory-data',
    corpus: asText(DATA),
    read: (input) => readData(textsOf(input)),
  },
  {
    ...shared,
    name: 'job-object',
    corpus: jobKinds.map(({ kind, example: spec }) => JSON.stringify({ kind, spec })),
    read: (input) => {
      const { kind, spec } = valueIn(input);
      const known = jobKinds.find((one) => one.kind === kind);
      return known?.spec.safeParse(spec).success === true ? known.open(spec) : undefined;
    },
  },
];

/** As the API server keeps a ConfigMap: texts only. */
function textsOf(input: Buffer): Readonly<Record<string, string>> {
  const entries = Object.entries(valueIn(input)).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function valueIn(input: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(input.toString());
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}
