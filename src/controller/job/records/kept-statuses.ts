// The statuses of the jobs under way, as this controller stored them. Others may be able to write to the objects, and a status
// says what a job does next: so a copy is in the memory of the controller, and the copy counts. It is written after the object
// and before anything follows from it: what a crash leaves between the two has had no effect, and is done again.

import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import type { JobStatus } from '../../../api/job-status.ts';
import type { Cluster, JsonPatchOperation } from '../../../kube/cluster.ts';
import { hasCode } from '../../../lib/errors.ts';
import { isObject } from '../../../lib/json-value.ts';
import { createSerial } from '../../../lib/serial.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Data } from '../../engine/memory-data.ts';
import { isOpen } from './open-jobs.ts';
import type { JobWatches } from '../watches.ts';

export interface KeptStatuses {
  /** The job with the status that counts; the same object when that is its own. Only a bound job has a kept one. */
  trusted(job: JobObject): JobObject;
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

/** Members of the memory's ConfigMap: `job.<UID>` is a status as JSON, deflated, in base64. */
const PREFIX = 'job.';
/** Says that the members are complete. Without it the memory is new, lost, or from before there were any. */
const MARK = 'statuses';
const MARKED = 'kept';
/** In place of the UID while a claim has no object yet. */
const UNBOUND = '';
/** Far above what the definition allows, far below what would hurt. */
const MAX_BYTES = 4 * 1024 * 1024;

type News = ReadonlyMap<string, JobStatus | undefined>;

interface Batch {
  readonly news: Map<string, JobStatus | undefined>;
  readonly done: Promise<void>;
}

export function createKeptStatuses(deps: KeptDeps): KeptStatuses {
  const { cluster, memory } = deps;
  const stored = readKept(memory.othersAtStart);
  const kept = new Map(stored.kept);
  let { isWhole } = stored;
  const writing = new Map<string, JobStatus>();
  const seen = new WeakMap<JobObject, { readonly by: JobStatus | undefined; readonly job: JobObject }>();
  const oneByOne = createSerial();
  let batch: Batch | undefined;

  function trusted(job: JobObject): JobObject {
    const { uid = '' } = job.metadata;
    if (!isWhole || !isOpen(job, memory)) return job;
    const ahead = writing.get(uid);
    if (ahead !== undefined && sameJson(ahead, job.status)) return job;
    const by = kept.get(uid);
    const before = seen.get(job);
    if (before !== undefined && before.by === by) return before.job;
    const result = sameJson(by ?? {}, job.status ?? {}) ? job : withStatus(job, by);
    seen.set(job, { by, job: result });
    return result;
  }

  async function write(news: News): Promise<void> {
    const changes = [...news].filter(([uid, status]) => status !== undefined || kept.has(uid));
    if (changes.length === 0) return;
    try {
      await cluster.patch(memory.ref, [{ op: 'test', path: `/data/${MARK}`, value: MARKED }, ...changes.map(change)]);
      for (const [uid, status] of changes) remember(uid, status);
    } catch (error) {
      // The ConfigMap was removed by hand, or has never had any.
      if (!hasCode(error, 'NOT_FOUND', 'INVALID')) throw error;
      await writeAll(news);
    }
  }

  async function writeAll(news: News): Promise<void> {
    for (const [uid, status] of isWhole ? [] : begun(deps)) if (!kept.has(uid)) remember(uid, status);
    for (const [uid, status] of news) remember(uid, status);
    await memory.rewrite();
    await cluster.patch(memory.ref, [...[...kept].map(change), { op: 'add', path: `/data/${MARK}`, value: MARKED }]);
    isWhole = true;
  }

  function remember(uid: string, status: JobStatus | undefined): void {
    if (status === undefined) kept.delete(uid);
    else kept.set(uid, status);
  }

  /** Many jobs change at the same time: what comes while one request is under way goes into the next, together. */
  function keep(news: News): Promise<void> {
    batch ??= openBatch();
    for (const [uid, status] of news) batch.news.set(uid, status);
    return batch.done;
  }

  function openBatch(): Batch {
    const news = new Map<string, JobStatus | undefined>();
    const done = oneByOne(async () => {
      batch = undefined;
      await write(news);
    });
    return { news, done };
  }

  return {
    trusted,
    async store(job, status, writeObject) {
      const { uid = '' } = job.metadata;
      if (!isClaimed(job, memory)) return void (await writeObject());
      writing.set(uid, status);
      try {
        await writeObject();
        await keep(new Map([[uid, status]]));
      } finally {
        writing.delete(uid);
      }
    },
    async settle() {
      if (memory.current.jobs === undefined) return;
      const open = new Set(Object.values(memory.current.jobs));
      if (!isWhole && open.size > 0) await oneByOne(async () => await writeAll(new Map()));
      const ended = open.has(UNBOUND) ? [] : [...kept.keys()].filter((uid) => !open.has(uid));
      if (ended.length > 0) await keep(new Map(ended.map((uid) => [uid, undefined])));
    },
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

/** For a memory without statuses: what the objects of bound jobs say. */
function begun({ jobs, memory }: KeptDeps): News {
  const bound = jobs.list().filter((job) => isOpen(job, memory) && job.status !== undefined);
  return new Map(bound.map(({ metadata, status }) => [metadata.uid ?? '', status]));
}

function change([uid, status]: readonly [string, JobStatus | undefined]): JsonPatchOperation {
  const path = `/data/${PREFIX}${uid}`;
  return status === undefined ? { op: 'remove', path } : { op: 'add', path, value: textOf(status) };
}

function textOf(status: JobStatus): string {
  return deflateRawSync(JSON.stringify(status)).toString('base64');
}

/** A member that was edited by hand into something else makes all of them incomplete. */
function readKept(members: Data): { readonly kept: ReadonlyMap<string, JobStatus>; readonly isWhole: boolean } {
  const read = Object.entries(members).flatMap(([name, text]) =>
    name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), statusIn(text)] as const] : [],
  );
  const kept = new Map(read.flatMap(([uid, status]) => (status === undefined ? [] : [[uid, status] as const])));
  return { kept, isWhole: members[MARK] === MARKED && kept.size === read.length };
}

function statusIn(text: string): JobStatus | undefined {
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BYTES }).toString('utf8');
    const value: unknown = JSON.parse(json);
    // Only the controller writes there, what the definition of the kind allows.
    return isObject(value) ? (value as JobStatus) : undefined;
  } catch {
    return undefined;
  }
}
