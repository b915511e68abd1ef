// The copies of jobs' statuses in the ConfigMap of the memory: a member for each job, written one by one.

import { randomUUID } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { JobStatus } from '../../../api/job-status.ts';
import type { Cluster, JsonPatchOperation } from '../../../kube/cluster.ts';
import { hasCode } from '../../../lib/errors.ts';
import { isObject, textAt } from '../../../lib/json-value.ts';
import { createSerial } from '../../../lib/serial.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Data } from '../../engine/memory-data.ts';

/** By the UID of the job; undefined removes one. */
export type Copies = ReadonlyMap<string, JobStatus | undefined>;

export interface StatusCopies {
  get(uid: string): JobStatus | undefined;
  uids(): readonly string[];
  /** False while the memory is new, lost, or from before there were copies: a job without one may have begun. */
  readonly isWhole: boolean;
  /** Resolves when they are stored. Those of many jobs at the same time go into few requests. */
  keep(copies: Copies): Promise<void>;
  /** Makes them whole. */
  complete(): Promise<void>;
}

interface CopiesOptions {
  readonly cluster: Pick<Cluster, 'patch' | 'get'>;
  readonly memory: Pick<Memory, 'ref' | 'othersAtStart' | 'isKnown' | 'rewrite'>;
  /** What makes copies whole that are not. */
  readonly others: () => ReadonlyMap<string, JobStatus>;
}

/** Members of the ConfigMap: `job.<UID>` is a status as JSON, deflated, in base64. */
const PREFIX = 'job.';
/** Says that the members are complete, and which process writes them: one that lost its place to another may not. */
const MARK = 'statuses';
/** Far above what the definition of the kinds allows, far below what would hurt. */
const MAX_BYTES = 4 * 1024 * 1024;
const MARK_PATH = `/data/${MARK}`;

export function createStatusCopies({ cluster, memory, others }: CopiesOptions): StatusCopies {
  const own = randomUUID();
  const takeOver: JsonPatchOperation = { op: 'add', path: MARK_PATH, value: own };
  let { stored, mark } = readCopies(memory.othersAtStart);
  const write = createBatches(async (copies) => {
    const changes = [...copies].filter(([uid, status]) => status !== undefined || stored.has(uid));
    if (changes.length === 0) return;
    try {
      const isOurs: JsonPatchOperation = { op: 'test', path: MARK_PATH, value: mark ?? own };
      await cluster.patch(memory.ref, [isOurs, takeOver, ...changes.map(change)]);
      [stored, mark] = [withCopies(stored, changes), own];
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND', 'INVALID') || !(await isUnmarked(error))) throw error;
      await writeAll(changes);
    }
  });

  /** The ConfigMap was removed by hand, or has never had any copies. Rejects when another process writes them. */
  async function isUnmarked(error: unknown): Promise<boolean> {
    const found = textAt(await cluster.get(memory.ref), ['data', MARK]);
    if (found === undefined || mark === undefined) return true;
    if (found === mark) return false;
    throw new Error('another process of this executor stores the statuses of jobs', { cause: error });
  }

  async function writeAll(changes: Iterable<Change>): Promise<void> {
    const all = withCopies(mark === undefined ? new Map([...others(), ...stored]) : stored, changes);
    // What is left of a lost memory stays as it is until it was restored.
    if (memory.isKnown) await memory.rewrite();
    await cluster.patch(memory.ref, [...[...all].map(change), takeOver]);
    [stored, mark] = [all, own];
  }

  return {
    get: (uid) => stored.get(uid),
    uids: () => [...stored.keys()],
    get isWhole() {
      return mark !== undefined;
    },
    keep: async (copies) => await write.together(copies),
    complete: async () => await write.alone(async () => (mark === undefined ? await writeAll([]) : undefined)),
  };
}

interface Batches {
  together(copies: Copies): Promise<void>;
  alone(task: () => Promise<void>): Promise<void>;
}

/** One write at a time; what comes meanwhile goes into the next one. */
function createBatches(write: (copies: Copies) => Promise<void>): Batches {
  const alone = createSerial();
  let waiting: { readonly copies: Map<string, JobStatus | undefined>; readonly done: Promise<void> } | undefined;

  function open(): NonNullable<typeof waiting> {
    const copies = new Map<string, JobStatus | undefined>();
    const done = alone(async () => {
      waiting = undefined;
      await write(copies);
    });
    return { copies, done };
  }

  return {
    async together(copies) {
      if (copies.size === 0) return;
      waiting ??= open();
      for (const [uid, status] of copies) waiting.copies.set(uid, status);
      await waiting.done;
    },
    alone,
  };
}

type Change = readonly [uid: string, status: JobStatus | undefined];

function withCopies(before: ReadonlyMap<string, JobStatus>, changes: Iterable<Change>): Map<string, JobStatus> {
  const after = new Map(before);
  for (const [uid, status] of changes) {
    if (status === undefined) after.delete(uid);
    else after.set(uid, status);
  }
  return after;
}

function change([uid, status]: Change): JsonPatchOperation {
  const path = `/data/${PREFIX}${uid}`;
  return status === undefined ? { op: 'remove', path } : { op: 'add', path, value: textOf(status) };
}

function textOf(status: JobStatus): string {
  return deflateRawSync(JSON.stringify(status)).toString('base64');
}

/** A member that was edited by hand into something else makes all of them incomplete. */
function readCopies(members: Data): { stored: ReadonlyMap<string, JobStatus>; mark: string | undefined } {
  const read = Object.entries(members).flatMap(([name, text]) =>
    name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), statusIn(text)] as const] : [],
  );
  const stored = withCopies(new Map(), read);
  return { stored, mark: stored.size === read.length ? members[MARK] : undefined };
}

function statusIn(text: string): JobStatus | undefined {
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BYTES }).toString('utf8');
    const value: unknown = JSON.parse(json);
    // Only the controller writes there, what the definition of the kind allows.
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
