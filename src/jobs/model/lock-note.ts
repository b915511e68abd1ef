// What is written on the node locks of a job, so that its nodes are not forgotten when its object is lost.

import type { JobStatus } from '../../api/job-status.ts';
import type { LockNote } from './effect.ts';
import { defined } from '../../lib/defined.ts';
import { whyKeysAtRisk } from './keys-at-risk.ts';
import { describeJob, type JobIdentity } from './names.ts';

interface Noted {
  readonly job: JobIdentity;
  readonly status: JobStatus;
}

/** `unsafe`: why the nodes must not be started when the job is lost now. */
export function noteOf({ job, status }: Noted, unsafe: string | undefined): LockNote {
  return {
    uid: job.uid,
    job: describeJob(job),
    nodes: (status.targets ?? []).map(({ node, workload, replicas, wasRunning, detached }) => ({
      node,
      workload,
      wasRunning,
      ...defined({ replicas, detached }),
    })),
    ...defined({ unsafe }),
    ...(unsafe === undefined || whyKeysAtRisk(status.signers) === undefined ? {} : { keys: true }),
  };
}

/** The same by the status alone, of the nodes that the job keeps stopped. */
export function noteOfStatus({ job, status }: Noted): LockNote {
  const { paused = [], failure, risk } = status;
  const note = noteOf({ job, status }, risk ?? (failure?.unsafe === true ? failure.message : undefined));
  return { ...note, nodes: note.nodes.filter(({ node }) => paused.includes(node)) };
}
