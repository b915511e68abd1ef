// What one pass of the two job loops does: over all requests, and over one.

import { LABEL } from '../../api/group.ts';
import { type JobObject, jobKeyOf } from '../../api/job-object.ts';
import { isFinal, type JobPhase } from '../../api/job-status.ts';
import { lockOfNode } from '../../jobs/model/locks.ts';
import { DEFAULT_SETTINGS } from '../../jobs/model/settings.ts';
import { sourceKeyOf } from '../../jobs/requests/restore-source.ts';
import { codeOf } from '../../lib/errors.ts';
import { trustIn } from '../fleet/branch-trust.ts';
import { createIdentities, type Identities } from '../node/identities.ts';
import { createJobHolds, type JobHolds } from '../node/pauses.ts';
import { createJobLocks } from './locks.ts';
import type { JobWorld } from './watches.ts';
import { type JobRooms, passJob } from './reconcile.ts';
import { recoverLostLocks } from './recover-locks.ts';
import type { Memory } from '../engine/memory.ts';
import type { Notes } from '../node/observations.ts';
import type { ControllerOptions } from '../engine/options.ts';
import type { Puller } from '../fleet/pull.ts';
import type { PassResult } from '../engine/queue.ts';
import type { Queues } from '../engine/queues.ts';
import { createRecords, type Records } from './records.ts';
import { passRequests, type RequestRefusal } from './reconcile-requests.ts';
import { removeOrphanJobs } from './orphan-jobs.ts';
import { applyRetention } from './retention.ts';
import { createSchedules, type Schedules, type Ticked } from './schedules.ts';
import type { Syncer } from '../fleet/reconcile.ts';
import type { World } from '../node/watches.ts';

/** Everything about one-shot jobs that other loops share. */
export interface JobParts {
  readonly jobs: JobWorld;
  readonly records: Records;
  readonly holds: JobHolds;
  readonly identities: Identities;
  readonly schedules: Schedules;
  /** Requests that are not carried out, and why; replaced by every pass over all requests. */
  readonly refusals: { current: readonly RequestRefusal[] };
  /** Something vanished that may have left a lock behind. */
  readonly lost: { suspected: boolean };
  readonly answers: JobRooms['answers'];
}

export interface JobPartsInput {
  readonly jobs: JobWorld;
  readonly memory: Memory;
  readonly options: ControllerOptions;
}

export function createJobParts({ jobs, memory, options }: JobPartsInput): JobParts {
  const { settings, runtime } = options;
  const records = createRecords(settings.executor);
  const parts: JobParts = {
    jobs,
    records,
    holds: createJobHolds(),
    identities: createIdentities(memory),
    schedules: createSchedules({ executor: settings.executor, memory, records, runtime }),
    refusals: { current: [] },
    lost: { suspected: true },
    answers: new Map(),
  };
  for (const job of jobs.list()) parts.holds.learn(job);
  return parts;
}

export interface JobPassRooms {
  readonly parts: JobParts;
  readonly world: World;
  readonly notes: Notes;
  readonly puller: Puller;
  readonly syncer: Syncer;
  readonly options: ControllerOptions;
}

/** Over all requests: claims, objects, cancellations, lost locks, schedules. */
export async function requestsPass(rooms: JobPassRooms, queues: Queues, signal: AbortSignal): Promise<PassResult> {
  const { parts, puller, syncer, options } = rooms;
  // First, and also while Git is down: nodes stand still until what stopped them is understood.
  if (parts.lost.suspected)
    parts.lost.suspected = await recoverLostLocks({ ...jobRooms(rooms, queues), jobs: parts.jobs }, signal);
  const afterLost: PassResult = parts.lost.suspected ? { kind: 'again', afterMs: 2000 } : { kind: 'done' };
  const { pulled } = puller.state;
  if (pulled === undefined) return afterLost;
  if (options.statusBranch === undefined) {
    parts.refusals.current = [...pulled.desired.requests.values()].map(({ file }) => ({
      file,
      code: 'NoStatusBranch',
      message: NO_BRANCH,
    }));
    return afterLost;
  }
  // A run that is due may be on record already, and the one before it not ended.
  if (!parts.records.isLoaded) return afterLost;
  const trust = trustIn(pulled, syncer.judge(pulled));
  const ticked = trust.mayBegin ? await parts.schedules.tick(pulled, trust.mayRemove) : NOTHING_DUE;
  const { cluster, settings, runtime } = options;
  const shared = { cluster, ...parts, runtime };
  const outcome = await passRequests(pulled, trust, {
    ...shared,
    world: rooms.world,
    source: options.source,
    executor: settings.executor,
  });
  parts.refusals.current = outcome.refusals;
  const schedules = [...pulled.desired.schedules.values()].filter(({ executor }) => executor === settings.executor);
  const requests = [...pulled.desired.requests.values()].map(({ request }) => request);
  const removed = trust.mayBegin && (await applyRetention({ schedules, requests }, shared));
  await removeOrphanJobs(shared);
  if (outcome.recordsChanged || removed || ticked.skipped) queues.publish.add('publish');
  if (parts.lost.suspected) return afterLost;
  const { nextMs } = ticked;
  return nextMs === undefined ? { kind: 'done' } : { kind: 'again', afterMs: Math.min(nextMs, 3_600_000) };
}

const NOTHING_DUE: Ticked = { nextMs: undefined, skipped: false };

const NO_BRANCH = 'a request needs a status branch for its claim and its result; run the controller with one';

/** One step of one request. A conflict means that somebody wrote first: look again at once. */
export async function jobPass(
  rooms: JobPassRooms,
  queues: Queues,
  target: { readonly key: string; readonly signal: AbortSignal },
): Promise<PassResult> {
  const known = rooms.parts.jobs.get(target.key);
  // A record of years ago has no object, and one that is only just made will be seen: no need to ask the API server.
  if (known === undefined && !rooms.parts.jobs.isBlind()) return { kind: 'done' };
  if (known !== undefined && (!isOwn(known, rooms) || mustReadFirst(known, rooms))) return { kind: 'done' };
  try {
    return await passJob(target.key, jobRooms(rooms, queues), target.signal);
  } catch (error) {
    if (codeOf(error) === 'CONFLICT') return { kind: 'again', afterMs: 200 };
    throw error;
  }
}

/** Of several controllers in one cluster only the one that has the request's record may act on it. */
function isOwn(job: JobObject, { parts, options }: JobPassRooms): boolean {
  const label = job.metadata.labels?.[LABEL.executor];
  return label === undefined ? parts.records.wanted(jobKeyOf(job)) !== undefined : label === options.settings.executor;
}

/**
 * What a Restore reads from stands on the status branch; before that was read, a source would seem to be missing. Once
 * the node may be started again the source matters no more. Other kinds go on while Git is down.
 */
function mustReadFirst(job: JobObject, { parts }: JobPassRooms): boolean {
  const phase = job.status?.phase ?? 'Pending';
  return !parts.records.isLoaded && sourceKeyOf(job) !== undefined && phase !== 'Starting' && !isFinal(phase);
}

function jobRooms({ parts, world, notes, puller, options }: JobPassRooms, queues: Queues): JobRooms {
  const { cluster, asker, events, runtime, settings } = options;
  return {
    cluster,
    world,
    notes,
    puller,
    asker,
    events,
    runtime,
    locks: createJobLocks(cluster),
    holds: parts.holds,
    identities: parts.identities,
    records: parts.records,
    answers: parts.answers,
    settings: {
      ...DEFAULT_SETTINGS,
      workerImage: settings.workerImage,
      stopDeadlineMs: settings.stopDeadlineMs,
    },
    wakeNode: (key) => queues.node.add(key),
    wakeSync: () => queues.sync.add('sync'),
    wakeHeld: (namespace, lock) => wakeIn(['Held'], { namespace, lock }, { parts, queues }),
    wakeWaiting: (namespace, lock) => wakeIn(['Claimed', 'Held'], { namespace, lock }, { parts, queues }),
    wakePublisher: () => queues.publish.add('publish', settings.publishDelayMs),
  };
}

export interface JobChange {
  readonly old: JobObject | undefined;
  readonly now: JobObject | undefined;
}

/** A request changed in the cluster: its holds are learnt, its nodes and its own loop look again. */
export function jobChanged(
  key: string,
  { old, now }: JobChange,
  { parts, queues }: { readonly parts: JobParts; readonly queues: Queues },
): void {
  for (const nodeKey of now === undefined ? [] : parts.holds.learn(now)) queues.node.add(nodeKey);
  const isOther = old?.metadata.uid !== now?.metadata.uid;
  // Its holds stay until its locks were looked at: a pod of it may be at work on the data this moment.
  if (old !== undefined && isOther) parts.lost.suspected = true;
  if (now === undefined) queues.jobs.forget(key);
  else if (old === undefined || isOther || isTouched(old, now)) queues.jobs.add(key);
  if (isOther) queues.requests.add('requests', 20);
}

/** Our own status writes wake nobody: the pass that made them comes back by itself. */
function isTouched(old: JobObject, now: JobObject): boolean {
  return JSON.stringify(watched(old)) !== JSON.stringify(watched(now));
}

function watched({ metadata }: JobObject): unknown {
  return [metadata.deletionTimestamp, metadata.annotations];
}

/** Jobs in one of these phases that need the lock, or did: some wait for it, held ones for a job that repairs them. */
function wakeIn(
  phases: readonly JobPhase[],
  { namespace, lock }: { readonly namespace: string; readonly lock: string },
  { parts, queues }: { readonly parts: JobParts; readonly queues: Queues },
): void {
  for (const job of parts.jobs.list()) {
    const { phase = 'Pending', locks = [] } = job.status ?? {};
    const isOn = job.metadata.namespace === namespace && locks.includes(lock);
    if (isOn && phases.includes(phase)) queues.jobs.add(jobKeyOf(job));
  }
}

/** A node appeared, or a pod or a claim of it came or went: jobs that wait for that look again. */
export function wakeJobsOn(nodeKey: string, parts: JobParts, queues: Queues): void {
  for (const job of parts.jobs.list()) {
    const { phase, locks = [], targets = [] } = job.status ?? {};
    if (phase === undefined || phase === 'Claimed' || isFinal(phase)) continue;
    const { namespace = '' } = job.metadata;
    const [nodeNamespace, node = ''] = nodeKey.split('/');
    const isOn = targets.some((target) => target.node === node) || locks.includes(lockOfNode(node));
    if (namespace === nodeNamespace && isOn) queues.jobs.add(jobKeyOf(job), 20);
  }
}

/** Records as they are on the branch now: requests, their jobs, and whoever waits for another job's result look again. */
export function recordsLanded(keys: readonly string[], parts: JobParts, queues: Queues): void {
  const landed = new Set(keys);
  queues.requests.add('requests');
  for (const key of landed) queues.jobs.add(key);
  for (const job of parts.jobs.list())
    if (job.status?.phase === 'Claimed' && landed.has(sourceKeyOf(job) ?? '')) queues.jobs.add(jobKeyOf(job));
}
