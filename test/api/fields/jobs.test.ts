// Every field of every kind of job changes its checks, its worker pods, or when they are removed.

import { describe } from 'vitest';
import { stringify } from 'yaml';

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
import { testEveryField, type FieldCases, type Outcome } from './schema-fields.ts';

const CLOUD_OP = { deployMethod: 'cloud-config', chain: 'test-chain', image: 'citacloud/cloud-op:latest' };

/** Fields that all kinds share. */
const COMMON: FieldCases = {
  executor: { from: 'demo', to: 'other' },
  chain: { from: 'ethereum', to: 'cosmos', refused: true },
  deployMethod: { to: 'helm', refused: true },
  image: { from: 'registry.example/nodewright:1', to: 'registry.example/nodewright:2' },
  ttlSecondsAfterFinished: { from: 30, to: 3600 },
  deadlineSeconds: { from: 600 },
};

interface KindCase {
  readonly base: JsonObject;
  readonly cases: FieldCases;
}

/** The smallest spec of each kind, and its own fields; a new kind adds its own here. */
const KINDS: Readonly<Record<string, KindCase>> = {
  Backup: {
    base: { node: 'a' },
    cases: { node: { to: 'b' }, storageClass: { to: 'slow' }, pvcSize: { to: '20Gi' } },
  },
  Restore: {
    base: { node: 'a', backup: 'nightly' },
    cases: {
      node: { to: 'b' },
      backup: { to: 'other' },
      snapshot: { base: { node: 'a', snapshot: 'x' }, to: 'y' },
      toolVersion: { base: { node: 'ledger', snapshot: 'x', ...CLOUD_OP }, from: '0.2.0', to: '0.3.1' },
    },
  },
  Snapshot: {
    base: { node: 'a', blockHeight: 30 },
    cases: {
      node: { to: 'b' },
      storageClass: { to: 'slow' },
      pvcSize: { to: '20Gi' },
      toolVersion: { base: { node: 'ledger', blockHeight: 30, ...CLOUD_OP }, from: '0.2.0', to: '0.3.1' },
    },
  },
  BlockHeightFallback: {
    base: { node: 'a', blockHeight: 30 },
    cases: {
      node: { to: 'b' },
      'nodes[]': { base: { nodes: ['a', 'b'], blockHeight: 30 }, to: 'c' },
      deleteConsensusData: { base: { node: 'ledger', blockHeight: 30, toolVersion: '0.3.1', ...CLOUD_OP } },
      toolVersion: { base: { node: 'ledger', blockHeight: 30, ...CLOUD_OP }, from: '0.2.0', to: '0.3.1' },
    },
  },
  Switchover: {
    base: { sourceNode: 'v1', destNode: 'v2' },
    cases: {
      chain: { from: 'cosmos', to: 'ethereum', refused: true },
      sourceNode: { to: 'v3' },
      destNode: { to: 'v3' },
    },
  },
  ChangeOwner: { base: { node: 'a' }, cases: { node: { to: 'b' } } },
};

const RESOURCES: JsonObject = { resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } };

const OPEN = completePolicy(PolicySpec.parse({ images: { jobs: ['**'] }, jobs: { foreignNamespaces: ['**'] } }), {
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
      effect: open.effect,
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
  const { base = {}, cases = {} } = KINDS[kind.kind] ?? {};
  const resources = { base: { ...base, ...RESOURCES }, to: '3' };
  testEveryField({
    schema: kind.spec,
    base,
    cases: { ...COMMON, 'resources.requests.*': resources, 'resources.limits.*': resources, ...cases },
    file: 'test/api/fields/jobs.test.ts',
    outcome: outcomeOf(kind),
  });
});
