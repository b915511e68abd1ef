// The statuses of the jobs under way, as this controller stored them. Others may be able to write to the objects, and a status
// says what a job does next: so a copy is in the memory of the controller, and the copy counts. It is written after the object
// and before anything follows from it: what a crash leaves between the two has had no effect, and is done again.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import type { JobStatus } from '../../../api/job-status.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import type { Memory } from '../../engine/memory.ts';
import { type JobWatches, withStatuses } from '../watches.ts';
import { isOpen } from './open-jobs.ts';
import { createStatusCopies, type StatusCopies } from './status-copies.ts';

export interface KeptStatuses {
  /** The job with the status that counts; the same object when that is its own. Only a bound job has a kept one. */
  trusted(this: void, job: JobObject): JobObject;
  /** `write` changes the object. Rejects when either could not be written; then the status before counts. */
  store(job: JobObject, status: JobStatus, write: () => Promise<unknown>): Promise<void>;
  /** Forgets those of jobs that have ended. From now on a bound job without one has not begun. */
  settle(): Promise<void>;
}

interface KeptDeps {
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly memory: Memory;
  readonly jobs: Pick<JobWatches, 'list'>;
}

/** In place of the UID while a claim has no object yet. */
const UNBOUND = '';

/** The jobs of the cluster with the statuses that count. */
export function keepStatuses(deps: Omit<KeptDeps, 'jobs'> & { readonly jobs: JobWatches }): {
  readonly jobs: JobWatches;
  readonly statuses: KeptStatuses;
} {
  const statuses = createKeptStatuses(deps);
  return { jobs: withStatuses(deps.jobs, statuses.trusted), statuses };
}

export function createKeptStatuses(deps: KeptDeps): KeptStatuses {
  const { cluster, memory } = deps;
  const copies = createStatusCopies({ cluster, memory, others: () => begun(deps) });
  const writing = new Map<string, JobStatus>();
  return {
    trusted: createTrust({ memory, copies, writing }),
    async store(job, status, writeObject) {
      const { uid = '' } = job.metadata;
      if (!isClaimed(job, memory)) return void (await writeObject());
      writing.set(uid, status);
      try {
        await writeObject();
        await copies.keep(new Map([[uid, status]]));
      } finally {
        writing.delete(uid);
      }
    },
    async settle() {
      if (memory.current.jobs === undefined) return;
      const open = new Set(Object.values(memory.current.jobs));
      if (open.size > 0) await copies.complete();
      const ended = open.has(UNBOUND) ? [] : copies.uids().filter((uid) => !open.has(uid));
      await copies.keep(new Map(ended.map((uid) => [uid, undefined])));
    },
  };
}

interface Trust {
  readonly memory: Pick<Memory, 'current'>;
  readonly copies: Pick<StatusCopies, 'get' | 'isWhole'>;
  /** What is on its way into the object and the copy: the object may have it already. */
  readonly writing: ReadonlyMap<string, JobStatus>;
}

function createTrust({ memory, copies, writing }: Trust): KeptStatuses['trusted'] {
  /** Lists of all jobs are read at each change of a pod: an object is compared once with a copy. */
  const seen = new WeakMap<JobObject, { readonly copy: JobStatus | undefined; readonly job: JobObject }>();

  function compare(job: JobObject, copy: JobStatus | undefined): JobObject {
    const before = seen.get(job);
    if (before !== undefined && before.copy === copy) return before.job;
    const result = sameJson(copy ?? {}, job.status ?? {}) ? job : withStatus(job, copy);
    seen.set(job, { copy, job: result });
    return result;
  }

  return (job) => {
    const { uid = '' } = job.metadata;
    if (!copies.isWhole || !isOpen(job, memory)) return job;
    const ahead = writing.get(uid);
    return ahead !== undefined && sameJson(ahead, job.status) ? job : compare(job, copies.get(uid));
  };
}

/** Bound, or about to be: what is stored before the binding counts after it. */
function isClaimed(job: JobObject, memory: Memory): boolean {
  return isOpen(job, memory) || memory.current.jobs?.[jobKeyOf(job)] === UNBOUND;
}

function withStatus(job: JobObject, status: JobStatus | undefined): JobObject {
  const { status: _other, ...bare } = job;
  return status === undefined ? bare : { ...bare, status };
}

/** For a memory without copies: what the objects of bound jobs say. */
function begun({ jobs, memory }: KeptDeps): ReadonlyMap<string, JobStatus> {
  return new Map(
    jobs.list().flatMap((job) => {
      const { metadata, status } = job;
      return status === undefined || !isOpen(job, memory) ? [] : [[metadata.uid ?? '', status] as const];
    }),
  );
}
