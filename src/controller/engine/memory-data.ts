// The memory of the controller as the data of its ConfigMap.

import { z } from 'zod';

import { FleetSuspension } from '../../api/fleet.ts';
import { VolumeRecord } from '../../api/node-volumes.ts';
import { KeyMemory, NO_KEYS } from '../../keys/memory.ts';
import { defined } from '../../lib/defined.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { Releases } from '../../plan/action.ts';
import type { CarriedOutByDigest } from '../../plan/approvals.ts';

const Texts = z.record(z.string(), z.string());
const Approved = z.object({ revision: z.string(), what: z.string().max(2000), at: z.string().max(40).exactOptional() });
const Commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

export interface Remembered {
  /** The commit whose content was applied last. */
  readonly appliedCommit: string | undefined;
  /** `branch@sha1:…` of it. */
  readonly appliedRevision: string | undefined;
  /** What approvals released, see plan/action.ts. */
  readonly released: Releases;
  /** What became of the approvals in fleet.yaml. A report: nothing is released by it. */
  readonly approved: CarriedOutByDigest;
  /** The Secret that a node signs with, by `namespace/name`, where a Switchover overrides the node's file. */
  readonly identities: Readonly<Record<string, string>>;
  /**
   * Which node (`namespace/name`) signed last with each key, by its digest and by the Secret (`namespace/name`); empty text
   * when that node's volumes were deleted with it.
   */
  readonly signers: Readonly<Record<string, string>>;
  /**
   * By digest of a key: the last reservation of another executor before the key signed here, or before an approval of its
   * start; `none` when there was none. A later one means that the key has signed elsewhere since.
   */
  readonly accepted: Readonly<Record<string, string>>;
  /** The volumes of nodes that sign, and of nodes that are gone, by `namespace/name` of the node. */
  readonly volumes: Readonly<Record<string, VolumeRecord>>;
  /**
   * Nodes, `namespace/name`, whose deletion with their volumes is under way, with the UID of the object. Whether they are gone
   * decides whether their volumes are forgotten or given back.
   */
  readonly deletions: Readonly<Record<string, string>>;
  /** Key reservations of all controllers. The roots in it must not be published. */
  readonly keys: KeyMemory;
  /**
   * Jobs that were claimed and have not ended, `Kind/namespace/name`, with the UID of their object: only these act. Undefined
   * after a loss of the memory, until the jobs under way were found.
   */
  readonly jobs: Readonly<Record<string, string>> | undefined;
  /** Up to when each schedule is dealt with, milliseconds since the epoch. */
  readonly schedules: Readonly<Record<string, number>>;
  /** What the last fleet.yaml that was followed suspends; undefined when that is not known. */
  readonly suspension: FleetSuspension | undefined;
  /** Why the last due run of a schedule was not filed, where that was so. */
  readonly skips: Readonly<Record<string, string>>;
  /** Job requests, `Kind/namespace/name`, that may have run before their records were lost: none runs without an approval. */
  readonly unrecorded: readonly string[];
  /** Requests of files that were claimed, see job/records/ran.ts. */
  readonly ran: readonly string[];
  /** `yes` when records were pushed to the status branch: without them the branch was lost. */
  readonly published: string | undefined;
  /** The status branch was lost. The requests of this commit may have run: an object id, or `unknown`. */
  readonly recordsLostAt: string | undefined;
  /** The last loss of the status branch: when it was seen (RFC 3339), a space, and what happened. */
  readonly branchLost: string | undefined;
  /** What this cluster is called on the status branch, where two clusters could work under one executor name. */
  readonly cluster: string | undefined;
  /** The cluster of the same executor name whose place this one took with an approval. */
  readonly tookOver: string | undefined;
  /** The memory was lost, and no revision was applied since: `text` says what of it was found. */
  readonly lost: string | undefined;
  /**
   * The repository of the commit that was applied last. With another repository the memory still applies: what does not
   * descend from that commit is held.
   */
  readonly origin: string;
}

export const NOTHING: Omit<Remembered, 'origin'> = {
  appliedCommit: undefined,
  appliedRevision: undefined,
  released: {},
  approved: {},
  identities: {},
  signers: {},
  accepted: {},
  volumes: {},
  deletions: {},
  keys: NO_KEYS,
  jobs: {},
  schedules: {},
  suspension: undefined,
  skips: {},
  unrecorded: [],
  ran: [],
  published: undefined,
  recordsLostAt: undefined,
  branchLost: undefined,
  cluster: undefined,
  tookOver: undefined,
  lost: undefined,
};

/**
 * Where the member `jobs` is. A version without copies of statuses does not know this name: it moves no job before it has
 * written its own list, and with that apply this one goes.
 */
const JOBS = 'openJobs';
const OLDER_JOBS = 'jobs';

export type Data = Readonly<Record<string, string>>;

export interface ReadMemory {
  readonly remembered: Partial<Remembered>;
  /** Everything could be read on which a deletion, a key or a job depends. */
  readonly isWhole: boolean;
  /** Members that are no part of what is remembered. */
  readonly others: Data;
  /** A version without copies of statuses has written it last, so that jobs may have moved without them. */
  readonly isFromOlder: boolean;
}

/** What can be read of it. A member that was edited by hand into something else is absent. */
export function readData(data: Data): ReadMemory {
  const { origin, appliedRevision, published, recordsLostAt, branchLost, cluster, tookOver, lost } = data;
  const commit = Commit.optional().safeParse(data['appliedCommit']);
  const needed = {
    identities: parse(Texts, data['identities']),
    signers: parse(Texts, data['signers']),
    accepted: parse(Texts, data['accepted']),
    volumes: parse(z.record(z.string(), VolumeRecord), data['volumes']),
    keys: parse(KeyMemory, data['keys']),
    unrecorded: parse(z.array(z.string()), data['unrecorded'] ?? '[]'),
  };
  const more = {
    released: parse(z.record(z.string(), z.array(z.string())), data['released']),
    approved: parse(z.record(z.string(), Approved), data['approved']),
    schedules: parse(z.record(z.string(), z.number()), data['schedules']),
    skips: parse(z.record(z.string(), z.string().max(500)), data['skips']),
    deletions: parse(Texts, data['deletions']),
    ran: parse(z.array(z.string()), data['ran'] ?? '[]'),
    suspension: data['suspension'] === undefined ? undefined : parse(FleetSuspension, data['suspension']),
  };
  const texts = {
    origin,
    appliedRevision,
    published,
    recordsLostAt,
    branchLost,
    cluster,
    tookOver,
    lost,
    appliedCommit: commit.data,
  };
  // A memory without it is lost or older. A controller that starts for the first time has none at all.
  const jobsText = data[JOBS] ?? data[OLDER_JOBS];
  const jobs = jobsText === undefined ? undefined : parse(Texts, jobsText);
  const isFirst = Object.keys(data).length === 0;
  return {
    remembered: { ...defined(texts), ...defined(needed), ...defined(more), ...(isFirst ? {} : { jobs }) },
    isWhole: origin !== undefined && commit.success && !Object.values(needed).includes(undefined),
    others: Object.fromEntries(
      Object.entries(data).filter(([name]) => !Object.hasOwn(NOTHING, name) && name !== 'origin' && name !== JOBS),
    ),
    isFromOlder: data[JOBS] === undefined && data[OLDER_JOBS] !== undefined,
  };
}

/** Lists as JSON, texts as they are. */
export function dataOf(remembered: Remembered): Readonly<Record<string, string>> {
  const members = Object.entries(remembered).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    members.map(([name, value]) => [
      name === OLDER_JOBS ? JOBS : name,
      typeof value === 'string' ? value : stableJson(value),
    ]),
  );
}

/** A member of an older version is absent from the data: that is its empty value. */
function parse<T>(schema: z.ZodType<T>, text = '{}'): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
