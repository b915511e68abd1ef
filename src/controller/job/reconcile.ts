// Job loop: one look at a request and its nodes, one step of its life.

import { mergeConditions } from '../../api/conditions.ts';
import { type JobObject, jobKeyOf } from '../../api/job-object.ts';
import { isFinal, type JobPhase, type JobStatus } from '../../api/job-status.ts';
import { API_VERSION, FIELD_MANAGER } from '../../api/group.ts';
import { jobConditions } from '../../jobs/model/conditions.ts';
import { findJobKind } from '../../jobs/kinds/index.ts';
import { next } from '../../jobs/phases/machine.ts';
import type { JobObservation } from '../../jobs/model/observation.ts';
import type { JobSettings } from '../../jobs/model/settings.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { millisecondsOf, timestamp } from '../../lib/timestamp.ts';
import { act, type ActRooms } from './perform-effect.ts';
import { look, type LookRooms } from './observe.ts';
import type { PassResult } from '../engine/queue.ts';

export interface JobRooms extends ActRooms, LookRooms {
  readonly answers: ActRooms['answers'];
  readonly settings: JobSettings;
  /** The record of the request changed: publish it. */
  readonly wakePublisher: () => void;
}

/** How soon a job that waits looks again when nothing wakes it, in milliseconds. */
const SOON_MS = 100;
/** While nodes stop, work or start. The longer it takes, the longer the pause: an eighth of the time so far. */
const WAITING = { leastMs: 2000, mostMs: 30_000, part: 8 } as const;
/** Holds its locks and waits for a node to be made: that wakes it. */
const LOCKED_MS = 5000;
/** The record's push and the lock's release wake it; only a Lease that is removed by hand does not. */
const QUEUED_MS = 15_000;
/** Only a person or a later job changes anything. */
const HELD_MS = 15_000;
const REMAINS_MS = 1000;

/** One pass. The status is stored before the first effect, so a crash in between loses nothing. */
export async function passJob(key: string, rooms: JobRooms, signal: AbortSignal): Promise<PassResult> {
  const [kindName = '', namespace = '', name = ''] = key.split('/');
  const kind = findJobKind(kindName);
  // Fresh, not from the watch: a step from an old status could undo a newer one.
  const live = await rooms.cluster.get({ apiVersion: API_VERSION, kind: kindName, namespace, name });
  if (kind === undefined || live === undefined) return { kind: 'done' };
  const job = live as JobObject;
  const { uid = '' } = job.metadata;
  const open = kind.open(job.spec);
  const observed = await look(job, open, rooms, signal);
  signal.throwIfAborted();
  const { spec, status = {} } = job;
  const now = rooms.runtime.now();
  const move = next({
    kind,
    job: { kind: kindName, namespace, name, uid },
    spec,
    status,
    observed,
    settings: rooms.settings,
    now,
  });
  const changed = await keep(job, move.status, rooms);
  for (const effect of move.effects) await act(effect, { ...job, status: move.status }, rooms, signal);
  if (changed || move.effects.length > 0) return { kind: 'again', afterMs: SOON_MS };
  return again(move.status, open.common.ttlSecondsAfterFinished, { observed, now });
}

/** Stores what is new, and lets the record follow. True when the status changed. */
async function keep(job: JobObject, next: JobStatus, rooms: JobRooms): Promise<boolean> {
  const { status: before = {}, metadata } = job;
  const changed = !sameJson(next, before);
  const status = changed ? withConditions(next, job, rooms.runtime.now()) : before;
  if (changed) await store(job, status, rooms);
  // Also when nothing changed: a crash may have come between the status and its record.
  if (rooms.records.follow(jobKeyOf(job), { ...job, status })) rooms.wakePublisher();
  if (isFinal(status.phase ?? 'Pending'))
    for (const { name } of status.works ?? []) rooms.answers.delete(`${metadata.uid ?? ''}/${name}`);
  return changed;
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

async function store(job: JobObject, status: JobStatus, { cluster }: JobRooms): Promise<void> {
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
}

/** A finished job looks once more when its worker pods may go, and then never again. */
function again(
  { phase = 'Pending', since, endTime }: JobStatus,
  ttlSeconds: number,
  { observed, now }: { readonly observed: JobObservation; readonly now: number },
): PassResult {
  if (phase === 'Held') return { kind: 'again', afterMs: HELD_MS };
  if (!isFinal(phase)) return { kind: 'again', afterMs: pauseOf(phase, now - (millisecondsOf(since ?? '') ?? now)) };
  if (![...observed.tasks.values()].some(({ uid }) => uid !== undefined)) return { kind: 'done' };
  const untilMs = (millisecondsOf(endTime ?? '') ?? now) + ttlSeconds * 1000;
  return { kind: 'again', afterMs: Math.max(REMAINS_MS, untilMs - now) };
}

function pauseOf(phase: JobPhase, elapsedMs: number): number {
  if (phase === 'Pending' || phase === 'Claimed') return QUEUED_MS;
  const leastMs = phase === 'Locked' ? LOCKED_MS : WAITING.leastMs;
  return Math.min(WAITING.mostMs, Math.max(leastMs, elapsedMs / WAITING.part));
}
