// Job loop: one look at a request and its nodes, one step of its life.

import { mergeConditions } from '../api/conditions.ts';
import { type JobObject, jobKeyOf } from '../api/job-object.ts';
import { isFinal, type JobStatus } from '../api/job-status.ts';
import { API_VERSION, FIELD_MANAGER } from '../api/group.ts';
import { jobConditions } from '../jobs/conditions.ts';
import { findJobKind } from '../jobs/index.ts';
import { next } from '../jobs/machine.ts';
import type { JobSettings } from '../jobs/settings.ts';
import { sameJson } from '../lib/stable-json.ts';
import { timestamp } from '../lib/timestamp.ts';
import { act, type ActRooms } from './job-act.ts';
import { look, type LookRooms } from './job-look.ts';
import type { PassResult } from './queue.ts';

export interface JobRooms extends ActRooms, LookRooms {
  readonly answers: ActRooms['answers'];
  readonly settings: JobSettings;
  /** The record of the request changed: publish it. */
  readonly wakePublisher: () => void;
}

/** How soon a job that waits looks again when no watch wakes it, in milliseconds. */
const SOON_MS = 100;
const WAITING_MS = 2000;
const QUEUED_MS = 5000;
const ENDED_MS = 15_000;

/** One pass. The status is stored before the first effect, so a crash in between loses nothing. */
export async function passJob(key: string, rooms: JobRooms, signal: AbortSignal): Promise<PassResult> {
  const [kindName = '', namespace = '', name = ''] = key.split('/');
  const kind = findJobKind(kindName);
  // Fresh, not from the watch: a step from an old status could undo a newer one.
  const live = await rooms.cluster.get({ apiVersion: API_VERSION, kind: kindName, namespace, name });
  if (kind === undefined || live === undefined) return { kind: 'done' };
  const job = live as JobObject;
  const uid = job.metadata.uid ?? '';
  const seen = await look(job, kind.open(job.spec), rooms);
  signal.throwIfAborted();
  const status = job.status ?? {};
  const identity = { kind: kindName, namespace, name, uid };
  const move = next({
    kind,
    job: identity,
    spec: job.spec,
    status,
    seen,
    settings: rooms.settings,
    now: rooms.runtime.now(),
  });
  const changed = !sameJson(move.status, status);
  if (changed) await store(job, withConditions(move.status, job, rooms.runtime.now()), rooms);
  for (const effect of move.effects) await act(effect, { ...job, status: move.status }, rooms, signal);
  return again(move.status, changed || move.effects.length > 0);
}

function withConditions(status: JobStatus, { metadata, status: before }: JobObject, now: number): JobStatus {
  const conditions = mergeConditions(before?.conditions ?? [], jobConditions(status), {
    now: timestamp(now),
    generation: metadata.generation,
  });
  return {
    ...status,
    conditions,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  };
}

async function store(job: JobObject, status: JobStatus, { cluster, records, wakePublisher }: JobRooms): Promise<void> {
  const { apiVersion, kind, metadata } = job;
  const { name, namespace, uid, resourceVersion } = metadata;
  // The version that was judged: whoever lost the lease unawares must not write over a newer status.
  const place = { name, ...(namespace === undefined ? {} : { namespace }) };
  const version = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const object = { apiVersion, kind, metadata: { ...place, ...version }, status };
  await cluster.applyStatus(object, { fieldManager: `${FIELD_MANAGER}-status`, force: true });
  if (records.follow(jobKeyOf(job), { ...job, status })) wakePublisher();
}

function again(status: JobStatus, moved: boolean): PassResult {
  if (moved) return { kind: 'again', afterMs: SOON_MS };
  const phase = status.phase ?? 'Pending';
  if (!isFinal(phase)) return { kind: 'again', afterMs: phase === 'Claimed' ? QUEUED_MS : WAITING_MS };
  const mayLeaveRemains = (status.works ?? []).some(({ uid }) => uid !== undefined) || phase === 'Held';
  return mayLeaveRemains ? { kind: 'again', afterMs: ENDED_MS } : { kind: 'done' };
}
