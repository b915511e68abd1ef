// A status that someone else wrote: what it may not name, and what a job's own status may look like.

import { describe, expect, it } from 'vitest';

import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import type { LockNote } from '../../src/jobs/model/effect.ts';
import type { JobObservation, ObservedNode } from '../../src/jobs/model/observation.ts';
import { whyRedirected } from '../../src/jobs/phases/redirected.ts';
import { citaTarget, kindNamed, managedTarget, observed, settings, targetSeen, UID } from './support/fixtures.ts';

const BACKUP = { kind: 'Backup', spec: { node: 'a' } };
const OF_CITA = { kind: 'Backup', spec: { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain' } };

interface Row {
  readonly because: string;
  readonly job?: { readonly kind: string; readonly spec: Readonly<Record<string, unknown>> };
  readonly status?: JobStatus;
  readonly target?: Partial<JobTarget>;
  readonly facts?: Partial<JobObservation>;
  readonly says?: RegExp;
}

const OF_HELM = { kind: 'Backup', spec: { node: 'chain-0', deployMethod: 'helm', chain: 'chain' } };
const BOTH = { kind: 'BlockHeightFallback', spec: { nodes: ['a', 'b'], blockHeight: 90 } };

const seen = (...targets: readonly JobTarget[]) => ({
  targets: new Map(targets.map((target) => [target.node, targetSeen(target)] as const)),
});
const gone = { found: { ok: false, reason: 'NodeMissing', message: 'gone' } } as const;
const lostWith = (more: Partial<ObservedNode>) => ({
  targets: new Map([['a', targetSeen(managedTarget('a'), { ...gone, ...more })]]),
});
const lost = lostWith({});
const withoutPvc = (more: Partial<ObservedNode> = {}) => ({
  targets: new Map([['a', targetSeen(managedTarget('a', { volumes: [] }), more)]]),
});
const lostCita = { targets: new Map([['a', targetSeen(citaTarget('a'), gone)]]) };
const cita = (more: Partial<JobTarget>): JobStatus => ({ targets: [citaTarget('a', more)] });
/** As it is now, with the note of a job on its lock. */
const noted = (target: JobTarget, of: Partial<LockNote['nodes'][number]>, uid = UID) => ({
  ...seen(target),
  locks: new Map([
    [
      'nodewright-node-a',
      {
        note: {
          uid,
          job: 'Backup prod/one',
          nodes: [{ node: 'a', workload: target.workload, wasRunning: true, ...of }],
        },
      },
    ],
  ]),
});
const helmTarget = (replicas: number) =>
  citaTarget('chain-0', {
    deployMethod: 'helm',
    workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'chain' },
    replicas,
  });
const volume = (claim: string, name = 'data', subPath?: string) => ({
  volumes: [{ name, claim, ...(subPath === undefined ? {} : { subPath }) }],
});

const refused: readonly Row[] = [
  { because: 'a PVC of another owner', target: volume('payroll'), says: /the PVC payroll as its volume data/ },
  { because: 'another folder of the PVC', target: volume('data-a-0', 'data', '..'), says: /folder \.\./ },
  {
    because: 'the PVC of another node by an ambiguous name',
    target: volume('data-x-a-0', 'data-x'),
    facts: withoutPvc({ claimsOfOthers: ['data-x-a-0'] }),
    says: /data-x-a-0/,
  },
  {
    because: 'such a PVC while the node is gone',
    target: volume('data-x-a-0', 'data-x'),
    facts: lostWith({ claimsOfOthers: ['data-x-a-0'] }),
    says: /data-x-a-0/,
  },
  {
    because: 'such a PVC before its node is observed',
    target: volume('data-x-a-0', 'data-x'),
    facts: {},
    says: /data-x-a-0/,
  },
  { because: 'a pause of another node', status: { paused: ['a', 'x'] }, says: /^status\.paused names x, which spec/ },
  {
    because: 'another number of replicas than the note on its lock',
    job: OF_CITA,
    status: cita({ replicas: 1 }),
    facts: noted(citaTarget('a'), { replicas: 0 }),
    says: /names 1 replicas, which a does not have/,
  },
  {
    because: 'several pods with one key',
    job: OF_CITA,
    status: cita({ replicas: 2 }),
    facts: seen(citaTarget('a')),
    says: /names 2 replicas/,
  },
  {
    because: 'several pods with one key that its own note does not know',
    job: OF_CITA,
    status: cita({ replicas: 2 }),
    facts: noted(citaTarget('a'), { replicas: 1 }),
    says: /names 2 replicas/,
  },
  {
    because: 'other replicas of a chain than the note',
    job: OF_HELM,
    status: { targets: [helmTarget(4)] },
    facts: {
      ...seen(helmTarget(3)),
      locks: new Map([
        [
          'nodewright-chain-chain',
          {
            note: {
              uid: UID,
              job: 'Backup prod/one',
              nodes: [{ node: 'chain-0', workload: helmTarget(3).workload, wasRunning: true, replicas: 3 }],
            },
          },
        ],
      ]),
    },
    says: /names 4 replicas/,
  },
  {
    because: 'as stopped by this job what an earlier one left stopped',
    facts: noted(managedTarget('a'), { detached: true }),
    says: /names a stop by this job/,
  },
  {
    because: 'another ConfigMap',
    job: OF_CITA,
    status: cita({ configMap: 'payroll' }),
    facts: seen(citaTarget('a')),
    says: /the ConfigMap payroll/,
  },
  { because: 'a ConfigMap of a node without one', target: { configMap: 'payroll' }, says: /the ConfigMap payroll/ },
  {
    because: 'a ConfigMap of a managed node that is gone',
    target: { configMap: 'payroll' },
    facts: lost,
    says: /the ConfigMap payroll/,
  },
  {
    because: 'another workload, where the spec was changed and the nodes start',
    status: {
      phase: 'Starting',
      targets: [managedTarget('a', { workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' } })],
    },
    facts: { ...seen(managedTarget('a')), specDiffers: true },
    says: /the Deployment other/,
  },
  {
    because: 'another node, where the spec was changed and it says that it failed already',
    status: {
      targets: [managedTarget('x')],
      failure: { reason: 'WorkFailed', message: 'no', unsafe: false },
    },
    facts: { ...seen(managedTarget('a')), specDiffers: true },
    says: /names x, which spec does not/,
  },
  { because: 'a PVC of another owner while the node is gone', target: volume('payroll'), facts: lost, says: /payroll/ },
  {
    because: 'another workload',
    target: { workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' } },
    says: /the Deployment other \(managed\)/,
  },
  {
    because: 'the workload of a managed node as one to be scaled',
    target: { deployMethod: 'python', workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a' } },
    says: /the StatefulSet a \(python\)/,
  },
  { because: 'root', target: { uid: 0, gid: 0 }, says: /the user root/ },
  {
    because: 'a node beside those of its spec',
    status: { targets: [managedTarget('a'), managedTarget('x')] },
    says: /names x, which spec does not/,
  },
  {
    because: 'the lock of another node',
    status: { locks: ['nodewright-node-x'] },
    says: /nodewright-node-x, which this job does not need/,
  },
  {
    because: 'a PVC that the workload of another tool does not mount',
    job: OF_CITA,
    status: { targets: [citaTarget('a', volume('payroll'))] },
    facts: seen(citaTarget('a')),
    says: /payroll/,
  },
];

const own: readonly Row[] = [
  { because: 'as it was found' },
  { because: 'before there is anything in it', status: {} },
  { because: 'after its height was added', target: { height: 7 } },
  { because: 'while the node is gone', facts: lost },
  { because: 'while its PVC is gone', facts: seen(managedTarget('a', { volumes: [] })) },
  {
    because: 'while a PVC is gone whose volume has a - in its name',
    target: volume('eth-data-a-0', 'eth-data'),
    facts: withoutPvc(),
  },
  {
    because: 'while the node is gone and its volume has a - in its name',
    target: volume('eth-data-a-0', 'eth-data'),
    facts: lostWith({ claimsOfOthers: [] }),
  },
  { because: 'that pauses its nodes', job: BOTH, status: { paused: ['a', 'b'] } },
  {
    because: 'with as many replicas as its note',
    job: OF_CITA,
    status: cita({ replicas: 2 }),
    facts: noted(citaTarget('a', { replicas: 0 }), { replicas: 2 }),
  },
  {
    because: 'with as many replicas as the workload has before the note',
    job: OF_CITA,
    status: cita({ replicas: 2 }),
    facts: { targets: new Map([['a', targetSeen(citaTarget('a', { replicas: 2 }), { replicas: 2 })]]) },
  },
  {
    because: 'with as many replicas as by the note of an earlier job',
    job: OF_CITA,
    status: cita({ replicas: 2, detached: true }),
    facts: noted(citaTarget('a', { replicas: 0 }), { replicas: 2 }, 'earlier'),
  },
  {
    because: 'with the replicas of a chain before the note',
    job: OF_HELM,
    status: { targets: [helmTarget(3)] },
    facts: seen(helmTarget(0)),
  },
  {
    because: 'of a node that an earlier job left stopped',
    target: { detached: true },
    facts: noted(managedTarget('a'), { detached: true }),
  },
  {
    because: 'with the ConfigMap that it starts with again after a change',
    job: OF_CITA,
    status: { phase: 'Starting', ...cita({ configMap: 'a-config' }) },
    facts: seen(citaTarget('a', { configMap: 'new' })),
  },
  {
    because: 'of a workload of another tool that gets a user',
    job: OF_CITA,
    status: cita({ uid: 0, gid: 0 }),
    facts: seen(citaTarget('a')),
  },
  {
    because: 'when its spec was changed: the job ends for that',
    status: { locks: ['nodewright-node-x'], targets: [managedTarget('x')], paused: ['x'] },
    facts: { ...seen(managedTarget('a')), specDiffers: true },
  },
  {
    because: 'when it has ended for that and starts its nodes',
    status: {
      phase: 'Starting',
      locks: ['nodewright-node-x'],
      targets: [managedTarget('x')],
      paused: ['x'],
      failure: { reason: 'SpecDiffers', message: 'another spec', unsafe: false },
    },
    facts: { ...seen(managedTarget('a')), specDiffers: true },
  },
  { because: 'while a volume was added to the node', facts: seen(managedTarget('a', more('ancient'))) },
  {
    because: 'of a workload of another tool that is gone',
    job: OF_CITA,
    status: { targets: [citaTarget('a')] },
    facts: lostCita,
  },
  { because: 'while the node gets another user', target: { uid: 7, gid: 7 } },
  {
    because: 'after its end, when nothing is done by it',
    status: { phase: 'Complete', targets: [managedTarget('a', volume('payroll'))] },
  },
];

function more(name: string): Partial<JobTarget> {
  return {
    volumes: [
      { name: 'data', claim: 'data-a-0' },
      { name, claim: `${name}-a-0` },
    ],
  };
}

function judge({ job = BACKUP, status, target, facts = seen(managedTarget('a')) }: Row): string | undefined {
  return whyRedirected({
    kind: kindNamed(job.kind),
    job: { kind: job.kind, namespace: 'prod', name: 'one', uid: UID },
    spec: job.spec,
    status: { phase: 'Working', ...(status ?? { targets: [managedTarget('a', target)] }) },
    observed: observed(facts),
    settings,
    now: 0,
  });
}

describe('a status', () => {
  it.each(refused)('must not name $because', (row) => expect(judge(row)).toMatch(row.says ?? /^$/));
  it.each(own)('of the job itself is accepted $because', (row) => expect(judge(row)).toBeUndefined());
});
