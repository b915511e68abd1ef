// The statuses of the jobs under way, as this controller stored them. Others may be able to write to the objects, and a status
// says what a job does next: so a copy is in the memory of the controller, and the copy counts. It is written after the object
// and before anything follows from it: what a crash leaves between the two has had no effect, and is done again.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import type { JobStatus } from '../../../api/job-status.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { hasCode } from '../../../lib/errors.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import type { Memory } from '../../engine/memory.ts';
import { type JobWatches, withStatuses } from '../watches.ts';
import { isOpen } from './open-jobs.ts';
import { createStatusCopies, type KeptJob, type StatusCopies } from './status-copies.ts';

export interface KeptStatuses {
  /** The job with the status that counts; the same object when that is its own. Only a bound job has a kept one. */
  trusted(this: void, job: JobObject): JobObject;
  /** The same without a status that is on its way into the copy: what follows from that must wait until it is stored. */
  stored(this: void, job: JobObject): JobObject;
  /** Every job with a copy; none while the memory is new, lost or of an older version. */
  jobs(): readonly KeptJob[];
  /** Characters in the ConfigMap of the memory that a copy takes; undefined where there is none. */
  sizeOf(uid: string): number | undefined;
  /** Changes the copy of a job whose object is gone; undefined forgets it. */
  change(uid: string, kept: KeptJob | undefined): Promise<void>;
  /** Whether a copy says what counts, so that nothing else has to confirm it. */
  keeps(job: JobObject): boolean;
  /** `write` changes the object. Rejects when either could not be written; then the status before counts. */
  store(job: JobObject, status: JobStatus, write: (guard: WriteGuard) => Promise<unknown>): Promise<void>;
  /**
   * Forgets those of jobs that have ended; one whose object is gone is left to the recovery of its locks. With `claims`, or a claim on record, a
   * claimed job without one has not begun from now on.
   */
  settle(claims?: boolean): Promise<void>;
}

/**
 * What an object is compared with when it is written: its version, so that no change is overwritten unseen. Someone who writes
 * the status in a loop must not keep the controller from writing it: then its UID, because the mark of the copies keeps
 * other processes out as well.
 */
export type WriteGuard = 'version' | 'uid';

/** Conflicts in a row after which the version does not matter. */
const MAX_CONFLICTS = 2;

interface KeptDeps {
  readonly cluster: Pick<Cluster, 'patch' | 'get'>;
  readonly memory: Memory;
  readonly jobs: Pick<JobWatches, 'list'>;
  readonly onRemoved: (members: readonly string[]) => void;
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
  const copies = createStatusCopies({ cluster, memory, others: () => begun(deps), onRemoved: deps.onRemoved });
  const writing = new Map<string, JobStatus>();
  const conflicts = new Map<string, number>();

  async function guarded(uid: string, writeObject: (guard: WriteGuard) => Promise<unknown>): Promise<void> {
    const before = conflicts.get(uid) ?? 0;
    const isKept = copies.isWhole && copies.get(uid) !== undefined;
    try {
      await writeObject(isKept && before >= MAX_CONFLICTS ? 'uid' : 'version');
      conflicts.delete(uid);
    } catch (error) {
      if (hasCode(error, 'CONFLICT')) conflicts.set(uid, before + 1);
      throw error;
    }
  }

  return {
    ...createTrust({ memory, copies, writing }),
    jobs: () => (copies.isWhole ? copies.all() : []),
    sizeOf: (uid) => copies.sizeOf(uid),
    change: async (uid, kept) => await copies.keep(new Map([[uid, kept]])),
    keeps: (job) => copies.isWhole && isClaimed(job, memory) && copies.get(job.metadata.uid ?? '') !== undefined,
    async store(job, status, writeObject) {
      const { uid = '' } = job.metadata;
      // Until the copies are whole, what the object of an unbound claim says may be someone else's.
      const isKept = copies.isWhole ? isClaimed(job, memory) : isOpen(job, memory);
      if (!isKept) return void (await writeObject('version'));
      writing.set(uid, status);
      try {
        await guarded(uid, writeObject);
        await copies.keep(new Map([[uid, { job: identityOf(job), status }]]));
      } finally {
        writing.delete(uid);
      }
    },
    async settle(claims = false) {
      if (memory.current.jobs === undefined) return;
      const open = new Set(Object.values(memory.current.jobs));
      if (claims || open.size > 0) await copies.complete();
      // A claim without an object: any object of its name may be bound to it.
      const ended = deps.jobs.list().flatMap((job) => {
        const { uid = '' } = job.metadata;
        return open.has(uid) || isClaimed(job, memory) ? [] : [uid];
      });
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

function createTrust({ memory, copies, writing }: Trust): Pick<KeptStatuses, 'trusted' | 'stored'> {
  /** Lists of all jobs are read at each change of a pod: an object is compared once with a copy. */
  const seen = new WeakMap<JobObject, { readonly copy: JobStatus | undefined; readonly job: JobObject }>();

  function compare(job: JobObject, copy: JobStatus | undefined): JobObject {
    const before = seen.get(job);
    if (before !== undefined && before.copy === copy) return before.job;
    const result = sameJson(copy ?? {}, ownStatus(job)) ? job : withStatus(job, copy);
    seen.set(job, { copy, job: result });
    return result;
  }

  function stored(job: JobObject): JobObject {
    return copies.isWhole && isClaimed(job, memory) ? compare(job, copies.get(job.metadata.uid ?? '')) : job;
  }

  return {
    stored,
    trusted(job) {
      const ahead = writing.get(job.metadata.uid ?? '');
      return ahead !== undefined && sameJson(ahead, job.status) ? job : stored(job);
    },
  };
}

/** Without what the API server puts into the status of every new object. */
function ownStatus({ status = {} }: JobObject): JobStatus {
  return Object.keys(status).every((name) => name === 'observedGeneration') ? {} : status;
}

/** Bound, or about to be: what is stored before the binding counts after it. */
function isClaimed(job: JobObject, memory: Pick<Memory, 'current'>): boolean {
  return isOpen(job, memory) || memory.current.jobs?.[jobKeyOf(job)] === UNBOUND;
}

function withStatus(job: JobObject, status: JobStatus | undefined): JobObject {
  const { status: _other, ...bare } = job;
  return status === undefined ? bare : { ...bare, status };
}

/** For a memory without copies: what the objects of bound jobs say. */
function begun({ jobs, memory }: KeptDeps): readonly KeptJob[] {
  return jobs.list().flatMap((job) => {
    const { status } = job;
    return status === undefined || !isOpen(job, memory) ? [] : [{ job: identityOf(job), status }];
  });
}

function identityOf({ kind, metadata }: JobObject): KeptJob['job'] {
  const { namespace = '', name, uid = '' } = metadata;
  return { kind, namespace, name, uid };
}
