// A status that someone else wrote: what it may not name, and what a job's own status may look like.

import { describe, expect, it } from 'vitest';

import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import type { JobObservation } from '../../src/jobs/model/observation.ts';
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

const seen = (...targets: readonly JobTarget[]) => ({
  targets: new Map(targets.map((target) => [target.node, targetSeen(target)] as const)),
});
const gone = { found: { ok: false, reason: 'NodeMissing', message: 'gone' } } as const;
const lost = { targets: new Map([['a', targetSeen(managedTarget('a'), gone)]]) };
const lostCita = { targets: new Map([['a', targetSeen(citaTarget('a'), gone)]]) };
const volume = (claim: string, name = 'data', subPath?: string) => ({
  volumes: [{ name, claim, ...(subPath === undefined ? {} : { subPath }) }],
});

const refused: readonly Row[] = [
  { because: 'a PVC of another owner', target: volume('payroll'), says: /the PVC payroll as its volume data/ },
  { because: 'another folder of the PVC', target: volume('data-a-0', 'data', '..'), says: /folder \.\./ },
  {
    because: 'the PVC of another node by an ambiguous name',
    target: volume('data-x-a-0', 'data-x'),
    says: /data-x-a-0/,
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
