// Every field of every kind of job changes its checks, its worker pods, or when they are removed.

import { describe } from 'vitest';
import { stringify } from 'yaml';

import { toJsonSchema } from '../../../src/api/json-schema.ts';
import { PolicySpec } from '../../../src/api/policy.ts';
import { completePolicy } from '../../../src/desired/policy-file.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { timestamp } from '../../../src/lib/timestamp.ts';
import { jobKinds } from '../../../src/jobs/kinds/index.ts';
import type { JobKind, JobView, OpenJob } from '../../../src/jobs/model/job-kind.ts';
import type { TaskSpec } from '../../../src/jobs/model/task-spec.ts';
import { next } from '../../../src/jobs/phases/machine.ts';
import { hostOf, ownerOf } from '../../../src/jobs/task/pod-parts.ts';
import { renderWorkerJob } from '../../../src/jobs/task/render-job.ts';
import { FLEET, nodeFile, read } from '../../support/desired-files.ts';
import {
  citaTarget,
  managedTarget,
  observed,
  settings,
  source,
  targetSeen,
  UID,
  viewFor,
} from '../../jobs/support/fixtures.ts';
import { leavesOf, testEveryField, type FieldCases, type Outcome } from './schema-fields.ts';

const CLOUD_OP = { deployMethod: 'cloud-config', chain: 'test-chain', image: 'citacloud/cloud-op:latest' };

const RESOURCES: JsonObject = { resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } };

const STORED_BY: JsonObject = { destination: { objectStorage: { name: 'offsite' } } };
const STORED: JsonObject = { node: 'a', source: { objectStorage: { name: 'offsite' } } };
const LOCATION = { endpoint: 'https://s3.example.com', bucket: 'backups', secret: 'backup-keys' };

/** Fields that several kinds share; of each kind those that it has. */
function sharedCases({ example }: JobKind): FieldCases {
  return {
    executor: { from: 'demo', to: 'other' },
    chain: { from: 'ethereum', to: 'cosmos', refused: true },
    deployMethod: { to: 'helm', refused: true },
    image: { from: 'registry.example/nodewright:1', to: 'registry.example/nodewright:2' },
    ttlSecondsAfterFinished: { from: 30, to: 3600 },
    deadlineSeconds: { from: 600 },
    'resources.requests.*': { base: { ...example, ...RESOURCES }, to: '3' },
    'resources.limits.*': { base: { ...example, ...RESOURCES }, to: '3' },
    node: { to: 'b' },
    storageClass: { to: 'slow' },
    pvcSize: { to: '20Gi' },
    toolVersion: { base: { ...example, node: 'ledger', ...CLOUD_OP }, from: '0.2.0', to: '0.3.1' },
    'destination.objectStorage.name': { base: { ...example, ...STORED_BY }, to: 'onsite' },
    'destination.volumeSnapshot.className': { base: { ...example, destination: { volumeSnapshot: {} } }, to: 'fast' },
  };
}

/** What only one kind has; a new kind adds its own here. `base`: where its example will not do. */
const OWN: Readonly<Record<string, { readonly base?: JsonObject; readonly cases: FieldCases }>> = {
  Restore: {
    cases: {
      backup: { to: 'other' },
      snapshot: { base: { node: 'a', snapshot: 'x' }, to: 'y' },
      'source.objectStorage.name': { base: STORED, to: 'onsite' },
      'source.objectStorage.executor': { base: STORED, to: 'other' },
      'source.objectStorage.namespace': { base: STORED, to: 'novacula-system' },
      'source.objectStorage.node': { base: STORED, to: 'b' },
      'source.objectStorage.snapshot': { base: STORED, to: '0123abcd' },
      toolVersion: { base: { node: 'ledger', snapshot: 'x', ...CLOUD_OP }, from: '0.2.0', to: '0.3.1' },
    },
  },
  Retention: { cases: { schedule: { to: 'weekly' } } },
  BlockHeightFallback: {
    cases: {
      'nodes[]': { base: { nodes: ['a', 'b'], blockHeight: 30 }, to: 'c' },
      deleteConsensusData: { base: { node: 'ledger', blockHeight: 30, toolVersion: '0.3.1', ...CLOUD_OP } },
    },
  },
  Switchover: {
    base: { sourceNode: 'v1', destNode: 'v2' },
    cases: {
      chain: { from: 'cosmos', to: 'ethereum', refused: true },
      'resources.requests.*': { base: { sourceNode: 'v1', destNode: 'v2', ...RESOURCES }, to: '3' },
      'resources.limits.*': { base: { sourceNode: 'v1', destNode: 'v2', ...RESOURCES }, to: '3' },
      sourceNode: { to: 'v3' },
      destNode: { to: 'v3' },
    },
  },
};

const OPEN_SPEC = {
  images: { jobs: ['**'] },
  jobs: { foreignNamespaces: ['**'] },
  backupLocations: { offsite: LOCATION, onsite: LOCATION },
};
const OPEN = completePolicy(PolicySpec.parse(OPEN_SPEC), {
  namespace: 'novacula-system',
});

const FILES = {
  'fleet.yaml': FLEET.replace('[{ name: demo }]', '[{ name: demo }, { name: other }]\n  defaultExecutor: demo'),
  ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`nodes/${name}.yaml`, nodeFile(name)])),
  ...Object.fromEntries(['v1', 'v2', 'v3'].map((name) => [`nodes/${name}.yaml`, validator(name)])),
};

function validator(name: string): string {
  const spec = {
    chain: 'cosmos',
    network: 'dev',
    nodeType: 'validator',
    clients: { node: { name: 'cometbft' } },
    storage: { data: { size: '1Gi' } },
    identity: { secretName: `${name}-key` },
  };
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', metadata: { name }, spec });
}

function outcomeOf(kind: JobKind): (spec: JsonObject) => Outcome {
  return (spec) => {
    const metadata = { name: 'one' };
    const text = stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: kind.kind, metadata, spec });
    const { requests, problems } = read({ ...FILES, 'jobs/one.yaml': text }, { policy: OPEN });
    const errors = problems.filter(({ level }) => level === 'error').map(({ message }) => message);
    const [request] = requests.values();
    if (request === undefined) return { errors };
    const open = kind.open(request.request.spec);
    return {
      errors,
      warnings: problems,
      executor: request.executor,
      nodes: open.nodes,
      effect: open.effect([]),
      ...tasksOf(kind, open),
      removal: removalOf(kind, spec),
    };
  };
}

function tasksOf(kind: JobKind, open: OpenJob): object {
  const view = viewOf(kind, open);
  const plan = open.plan(view);
  const pods = 'pods' in plan ? plan.pods : [signerTask(view, open)];
  const jobs = pods.map((task) =>
    renderWorkerJob({ job: view.job, common: open.common, settings, name: 'work', task }),
  );
  return { plan, jobs };
}

function viewOf(kind: JobKind, { nodes, common }: OpenJob): JobView {
  const targets = nodes.map((node) => (common.deployMethod === 'managed' ? managedTarget(node) : citaTarget(node)));
  const found = source({ chain: targets[0]?.chain ?? '', deployMethod: common.deployMethod });
  const isTool = common.deployMethod !== 'managed';
  return viewFor(kind.kind, targets, {
    targets: new Map(targets.map((target) => [target.node, targetSeen(target, { answers: ANSWERS })])),
    source: isTool ? { ...found, kind: 'Snapshot', format: '0.2.0' } : found,
  });
}

const ASK = { id: 'n', role: 'el', port: 8545, method: 'POST', path: '/' } as const;
const ANSWERS = {
  identityFiles: [],
  signerState: [],
  snapshot: { how: 'copy' },
  switchover: { how: 'secret' },
  rollback: {
    how: 'served',
    client: { image: 'geth:1', command: ['geth'], args: [], mounts: [{ volume: 'data', path: '/data' }] },
    asks: [ASK],
    height: { ask: ASK, at: ['result'], format: 'hex' },
  },
} as const;

/** A Switchover plans no pods; those that read and write signer states are made like this one. */
function signerTask({ targets: [target] }: JobView, { common }: OpenJob): TaskSpec {
  if (target === undefined) throw new Error('there is no target');
  return {
    node: target.node,
    repeatable: true,
    unsafeWhenUnclear: false,
    before: [],
    parameters: { verb: 'readSigner', at: '/data', paths: ['state.json'] },
    volumes: [],
    mounts: [],
    runAs: ownerOf(target),
    ...hostOf(target, common, 'StopAndStart'),
  };
}

/** What happens to the finished worker Job ten minutes after the end. */
function removalOf(kind: JobKind, spec: JsonObject): unknown {
  const now = 1_800_000_000_000;
  const job = { kind: kind.kind, namespace: 'prod', name: 'one', uid: UID };
  const task = { uid: 'job-1', jobUid: UID, suspended: false, active: 0, running: false };
  return next({
    kind,
    job,
    spec,
    status: { phase: 'Complete', endTime: timestamp(now - 600_000) },
    observed: observed({ record: { uid: UID, phase: 'Complete' }, tasks: new Map([['work', task]]) }),
    settings,
    now,
  });
}

describe.each(jobKinds)('$kind', (kind) => {
  const { base = kind.example, cases = {} } = OWN[kind.kind] ?? {};
  const fields = leavesOf(toJsonSchema(kind.spec, 'draft-7')).map(({ name }) => name);
  const shared = Object.entries(sharedCases(kind)).filter(([name]) => fields.includes(name));
  testEveryField({
    schema: kind.spec,
    base,
    cases: { ...Object.fromEntries(shared), ...cases },
    file: 'test/api/fields/jobs.test.ts',
    outcome: outcomeOf(kind),
  });
});
