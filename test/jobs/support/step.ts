// One step of a job's life, from facts that a test gives.

import type { JobStatus } from '../../../src/api/job-status.ts';
import { timestamp } from '../../../src/lib/timestamp.ts';
import { next } from '../../../src/jobs/phases/machine.ts';
import type { Move } from '../../../src/jobs/model/scope.ts';
import type { JobObservation, ObservedPvc, ObservedTask } from '../../../src/jobs/model/observation.ts';
import { resultLabels } from '../../../src/jobs/task/result-pvc.ts';
import { citaTarget, kindNamed, observed, settings, targetSeen, UID } from './fixtures.ts';

export const NOW = 1_800_000_000_000;
export const MINUTE = 60_000;
export const LOCK = 'nodewright-node-a';
export const HOLDER = { uid: UID, text: 'Backup prod/one' };
export const NOTE = {
  uid: UID,
  job: 'Backup prod/one',
  nodes: [{ node: 'a', workload: citaTarget('a').workload, wasRunning: true, replicas: 1 }],
};

export interface Given {
  readonly kind?: string;
  readonly spec?: Record<string, unknown>;
  readonly status?: JobStatus;
  readonly observed?: Partial<JobObservation>;
}

export function step({
  kind = 'Backup',
  spec = { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain' },
  status = {},
  observed: facts = {},
}: Given): Move {
  const job = { kind, namespace: 'prod', name: 'one', uid: UID };
  const risk = notedRisk(facts);
  const stored = risk === undefined ? status : { risk, ...status };
  return next({ kind: kindNamed(kind), job, spec, status: stored, observed: observed(facts), settings, now: NOW });
}

/** It is in the status before the job's own note on the lock says it. */
function notedRisk({ locks: all }: Partial<JobObservation>): string | undefined {
  return [...(all?.values() ?? [])].find(({ note }) => note?.uid === UID)?.note?.unsafe;
}

export const ago = (minutes: number): string => timestamp(NOW - minutes * MINUTE);
export const found = targetSeen(citaTarget('a'));
export const stopped = targetSeen(citaTarget('a'), { pods: [], replicas: 0, health: { answering: false } });
export const locks = new Map([[LOCK, { holder: HOLDER, note: NOTE }]]);
const job = { kind: 'Backup', namespace: 'prod', name: 'one', uid: UID };
export const pvc: ObservedPvc = {
  name: 'backup-one-1f0c22aa',
  uid: 'claim-1',
  jobUid: UID,
  phase: 'Bound',
  object: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'backup-one-1f0c22aa', namespace: 'prod', labels: resultLabels(job, 'a') },
    spec: { storageClassName: 'nas' },
  },
};
export const work = { name: 'backup-one-1f0c22aa', node: 'a', attempt: 1, intentAt: ago(1), uid: 'job-1' };
export const busy: ObservedTask = { uid: 'job-1', jobUid: UID, suspended: false, active: 1, running: false };
export const held = { locks: [LOCK], targets: [citaTarget('a')], paused: ['a'] };
export const working: JobStatus = {
  phase: 'Working',
  since: ago(1),
  ...held,
  claimName: pvc.name,
  claimUid: pvc.uid,
  works: [work],
};
