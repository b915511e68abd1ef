// What `nodewright status` advises about the PVC of a node that is gone.

import { describe, expect, it } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import type { JobPhase } from '../../src/api/job-phase.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { describeLeftVolume } from '../../src/cli/left-volumes.ts';

const pvc: KubeObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-a-0', namespace: 'ns', labels: { [LABEL.node]: 'a' } },
};

function pod(labels: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'backup-b-x', namespace: 'ns', labels } };
}

const worker = pod({ [JOB_UID_LABEL]: 'u1', [LABEL.job]: 'backup-b' });

function backup(phase: JobPhase, node = 'other'): JobObject {
  const target = { node, deployMethod: 'managed', wasRunning: true } as const;
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: { name: 'b', namespace: 'ns', uid: 'u1' },
    spec: {},
    // The edge: only what is read.
    status: { phase, targets: [target] } as unknown as NonNullable<JobObject['status']>,
  };
}

const WAIT = 'Backup ns/b works on it: wait until that job has ended';
const REMOVE = 'delete that first (kubectl -n ns delete pod backup-b-x)';

describe('the PVC of a deleted node', () => {
  it.each([
    { because: 'the worker of a running job', usedBy: worker, jobs: [backup('Working')], says: WAIT },
    { because: 'a job under way without a pod', usedBy: undefined, jobs: [backup('Stopping', 'a')], says: WAIT },
    { because: 'a pod with labels of no job', usedBy: worker, jobs: [], says: REMOVE },
    { because: 'a worker of a job that has ended', usedBy: worker, jobs: [backup('Complete')], says: REMOVE },
    { because: 'another pod', usedBy: pod({}), jobs: [backup('Working')], says: REMOVE },
    { because: 'nothing', usedBy: undefined, jobs: [backup('Working')], says: 'kubectl -n ns delete pvc data-a-0' },
    {
      because: 'a worker, where jobs may not be read',
      usedBy: worker,
      jobs: undefined,
      says: 'the pod backup-b-x of the job backup-b works on it: wait until that job has ended',
    },
  ])('that $because uses', ({ usedBy, jobs, says }) => {
    const text = describeLeftVolume({ pvc, usedBy }, jobs);
    expect(text).toContain(says);
    expect(text.includes('delete pod')).toBe(says === REMOVE);
  });
});
