// The copies of jobs' statuses in the ConfigMap of the memory: a member for each job, written one by one.

import { randomUUID } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { JobStatus } from '../../../api/job-status.ts';
import type { JobIdentity } from '../../../jobs/model/names.ts';
import type { Cluster, JsonPatchOperation } from '../../../kube/cluster.ts';
import { hasCode } from '../../../lib/errors.ts';
import { isObject, textAt, textsAt, valueAt } from '../../../lib/json-value.ts';
import { createSerial } from '../../../lib/serial.ts';
import type { Memory } from '../../engine/memory.ts';

/** A job and its status as this controller stored it; its object may be gone. */
export interface KeptJob {
  readonly job: JobIdentity;
  readonly status: JobStatus;
}

/** By the UID of the job; undefined removes one. */
export type Copies = ReadonlyMap<string, KeptJob | undefined>;

export interface StatusCopies {
  get(uid: string): JobStatus | undefined;
  all(): readonly KeptJob[];
  /** Characters in the ConfigMap that a copy takes; undefined where there is none. */
  sizeOf(uid: string): number | undefined;
  /** False while the memory is new, lost, or from before there were copies: a job without one may have begun. */
  readonly isWhole: boolean;
  /** Resolves when they are stored. Those of many jobs at the same time go into few requests. */
  keep(copies: Copies): Promise<void>;
  /** Makes them whole. */
  complete(): Promise<void>;
}

interface CopiesOptions {
  readonly cluster: Pick<Cluster, 'patch' | 'get'>;
  readonly memory: Pick<Memory, 'ref' | 'othersAtStart' | 'isFromOlder' | 'isKnown' | 'rewrite'>;
  /** What makes copies whole that are not. */
  readonly others: () => readonly KeptJob[];
  /** Members that cannot be read, or that count no longer, are removed. */
  readonly onRemoved: (members: readonly string[]) => void;
}

/** Members of the ConfigMap: `job.<UID>` is a job with its status as JSON, deflated, in base64. */
const PREFIX = 'job.';
/** Says that the members are complete, and which process writes them: one that lost its place to another may not. */
const MARK = 'statuses';
/** Far above what the definition of the kinds allows, far below what would hurt. */
const MAX_BYTES = 4 * 1024 * 1024;
const MARK_PATH = `/data/${MARK}`;

/** Whether a member of the ConfigMap is a copy, or says something of the copies. */
export function isOfCopies(member: string): boolean {
  return member === MARK || member.startsWith(PREFIX);
}

export function createStatusCopies({ cluster, memory, others, onRemoved }: CopiesOptions): StatusCopies {
  const own = randomUUID();
  const takeOver: JsonPatchOperation = { op: 'add', path: MARK_PATH, value: own };
  let { stored, mark } = readCopies(memory);
  const write = createBatches(async (copies) => {
    const changes = changesOf(copies, stored);
    if (changes.length === 0) return;
    try {
      const isOurs: JsonPatchOperation = { op: 'test', path: MARK_PATH, value: mark ?? own };
      await cluster.patch(memory.ref, [isOurs, takeOver, ...changes.map(operation)]);
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

  async function writeAll(changes: readonly Change[]): Promise<void> {
    const all = withCopies(mark === undefined ? new Map([...storedOf(others()), ...stored]) : stored, changes);
    // What is left of a lost memory stays as it is until it was restored.
    if (memory.isKnown) await memory.rewrite();
    const left = await membersBeside(all);
    const removals = left.map((name): JsonPatchOperation => ({ op: 'remove', path: `/data/${name}` }));
    await cluster.patch(memory.ref, [...removals, ...[...all].map(operation), takeOver]);
    [stored, mark] = [all, own];
    if (left.length > 0) onRemoved(left);
  }

  async function membersBeside(all: ReadonlyMap<string, Stored>): Promise<readonly string[]> {
    const names = Object.keys(textsAt(await cluster.get(memory.ref), ['data']));
    return names.filter((name) => name.startsWith(PREFIX) && !all.has(name.slice(PREFIX.length)));
  }

  return {
    get: (uid) => stored.get(uid)?.kept.status,
    all: () => [...stored.values()].map(({ kept }) => kept),
    sizeOf: (uid) => stored.get(uid)?.text.length,
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
  let waiting: { readonly copies: Map<string, KeptJob | undefined>; readonly done: Promise<void> } | undefined;

  function open(): NonNullable<typeof waiting> {
    const copies = new Map<string, KeptJob | undefined>();
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
      for (const [uid, kept] of copies) waiting.copies.set(uid, kept);
      await waiting.done;
    },
    alone,
  };
}

interface Stored {
  readonly kept: KeptJob;
  /** The member of the ConfigMap. */
  readonly text: string;
}

type Change = readonly [uid: string, stored: Stored | undefined];

function changesOf(copies: Copies, stored: ReadonlyMap<string, Stored>): readonly Change[] {
  return [...copies].flatMap(([uid, kept]): readonly Change[] => {
    if (kept !== undefined) return [[uid, { kept, text: textOf(kept) }]];
    return stored.has(uid) ? [[uid, undefined]] : [];
  });
}

function storedOf(jobs: readonly KeptJob[]): ReadonlyMap<string, Stored> {
  return new Map(jobs.map((kept) => [kept.job.uid, { kept, text: textOf(kept) }]));
}

function withCopies(before: ReadonlyMap<string, Stored>, changes: readonly Change[]): ReadonlyMap<string, Stored> {
  const after = new Map(before);
  for (const [uid, stored] of changes) {
    if (stored === undefined) after.delete(uid);
    else after.set(uid, stored);
  }
  return after;
}

function operation([uid, stored]: Change): JsonPatchOperation {
  const path = `/data/${PREFIX}${uid}`;
  return stored === undefined ? { op: 'remove', path } : { op: 'add', path, value: stored.text };
}

function textOf({ job: { kind, namespace, name }, status }: KeptJob): string {
  return deflateRawSync(JSON.stringify({ kind, namespace, name, status })).toString('base64');
}

interface ReadCopies {
  readonly stored: ReadonlyMap<string, Stored>;
  readonly mark: string | undefined;
}

/**
 * A member that was edited by hand into something else makes all of them incomplete. When an older version worked meanwhile,
 * which knows no copies, none of them counts: its jobs have moved without them.
 */
function readCopies({ othersAtStart, isFromOlder }: CopiesOptions['memory']): ReadCopies {
  if (isFromOlder) return { stored: new Map(), mark: undefined };
  const members = Object.entries(othersAtStart).filter(([name]) => name.startsWith(PREFIX));
  const read = members.map(([name, text]): Change => {
    const uid = name.slice(PREFIX.length);
    const kept = keptIn(uid, text);
    return [uid, kept === undefined ? undefined : { kept, text }];
  });
  const stored = withCopies(new Map(), read);
  return { stored, mark: stored.size === read.length ? othersAtStart[MARK] : undefined };
}

function keptIn(uid: string, text: string): KeptJob | undefined {
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BYTES }).toString('utf8');
    const value: unknown = JSON.parse(json);
    const [kind, namespace, name] = [textAt(value, ['kind']), textAt(value, ['namespace']), textAt(value, ['name'])];
    const status = valueAt(value, ['status']);
    if (kind === undefined || namespace === undefined || name === undefined || !isObject(status)) return undefined;
    // Only the controller writes there, what the definition of the kind allows.
    return { job: { kind, namespace, name, uid }, status };
  } catch {
    return undefined;
  }
}
