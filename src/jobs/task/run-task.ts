// One piece of work in a pod: created suspended, remembered, let run, read. It can't run twice, whenever we crash.

import type { JobWork } from '../../api/job-status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { DEADLINE, MAX_ATTEMPTS } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { since, whyNeverRuns, type Abort } from './blocked.ts';
import { heightIn, readEnd } from './outcome.ts';
import { jobObjectName } from '../model/names.ts';
import type { PodWork } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import type { WorkSeen } from '../model/seen.ts';
import { renderWorkJob } from './render-job.ts';

export interface WorkStep {
  readonly work: JobWork;
  readonly effects: readonly Effect[];
  /** What it waits for, while it has not ended. */
  readonly waits?: string;
}

export interface Piece {
  readonly pod: PodWork;
  readonly index: number;
  /** How many pieces there are. */
  readonly of: number;
  /** Set where a request works in several steps: pieces of two steps must never share a name. */
  readonly tag?: string | undefined;
  readonly claimName: string | undefined;
}

/** The next step. Every branch asks again for what the world still lacks. */
export function stepWork(scope: Scope, piece: Piece): WorkStep {
  const work = scope.status.works?.find(({ node }) => node === piece.pod.node);
  if (work === undefined) return begin(scope, piece, 1);
  if (work.outcome !== undefined) return { work, effects: [] };
  const seen = scope.seen.works.get(work.name);
  if (work.uid === undefined) return remember(scope, piece, { work, seen });
  if (seen?.uid !== work.uid) return unclear(scope, piece, { work, why: 'its Job was deleted' });
  if (seen.suspended && seen.finished === undefined)
    return { work, effects: [{ do: 'resumeJob', name: work.name, uid: work.uid }], waits: 'starts the working pod' };
  return seen.finished === undefined ? watch(scope, piece, { work, seen }) : end(scope, piece, { work, seen });
}

function begin(scope: Scope, piece: Piece, attempt: number): WorkStep {
  const parts = [piece.tag ?? '', piece.of > 1 ? String(piece.index) : '', attempt > 1 ? `r${attempt}` : ''].filter(
    (part) => part !== '',
  );
  const name = jobObjectName(scope.job, parts.join('-'));
  const work: JobWork = { name, node: piece.pod.node, attempt, intentAt: timestamp(scope.now) };
  return { work, effects: [create(scope, piece, name)], waits: `creates the working pod for ${piece.pod.node}` };
}

function create({ job, open, settings }: Scope, { pod }: Piece, name: string): Effect {
  return { do: 'createJob', object: renderWorkJob({ job, common: open.common, settings, name, work: pod }) };
}

interface Found {
  readonly work: JobWork;
  readonly seen: WorkSeen | undefined;
}

/** Created but not yet remembered: it is suspended, so it has not run. Only its UID, once stored, lets it run. */
function remember(scope: Scope, piece: Piece, { work, seen }: Found): WorkStep {
  if (seen?.uid === undefined) {
    if (since(scope, work.intentAt) > DEADLINE.begin)
      return failed(scope, work, 'JobNotCreated', `the Job ${work.name} could not be created within 10 minutes`);
    return { work, effects: [create(scope, piece, work.name)], waits: `creates the working pod for ${work.node}` };
  }
  if (seen.jobUid !== scope.job.uid)
    return failed(scope, work, 'NameTaken', `a Job ${work.name} that this request did not make is there already`);
  return {
    work: { ...work, uid: seen.uid },
    effects: [{ do: 'resumeJob', name: work.name, uid: seen.uid }],
    waits: 'starts the working pod',
  };
}

interface Watched {
  readonly work: JobWork;
  readonly seen: WorkSeen;
}

function watch(scope: Scope, piece: Piece, { work, seen }: Watched): WorkStep {
  if (seen.running) return watchRunning(scope, piece, work);
  const never = whyNeverRuns(scope, piece, { work, seen });
  if (never !== undefined) return abort(scope, work, never);
  const { waiting, unschedulable, refused } = seen;
  const trouble = waiting === undefined ? (unschedulable ?? refused) : `${waiting.reason}: ${waiting.message}`;
  return { work, effects: [], waits: trouble ?? `waits for the working pod of ${work.node}` };
}

function watchRunning(scope: Scope, { pod }: Piece, work: JobWork): WorkStep {
  const runningSince = work.runningSince ?? timestamp(scope.now);
  const known = { ...work, runningSince };
  if (since(scope, runningSince) <= scope.open.common.deadlineSeconds * 1000 + DEADLINE.begin)
    return { work: known, effects: [], waits: `works on ${work.node}` };
  const why = `the work on ${work.node} took longer than spec.deadlineSeconds`;
  return abort(scope, known, { code: 'DeadlineExceeded', why, unsafe: pod.unsafeWhenUnclear });
}

function end(
  scope: Scope,
  piece: Piece,
  { work, seen }: { readonly work: JobWork; readonly seen: WorkSeen },
): WorkStep {
  if (isLogToCome(scope, piece, seen)) return { work, effects: [], waits: `waits for the log of ${work.name}` };
  const read = readEnd(piece.pod, seen);
  const digest = seen.imageDigest === undefined ? {} : { imageDigest: seen.imageDigest.slice(0, 512) };
  if (read.outcome === 'Unclear') return unclear(scope, piece, { work: { ...work, ...digest }, why: read.message });
  return { work: { ...work, ...digest, ...read, endedAt: timestamp(scope.now) }, effects: [] };
}

/**
 * What a program printed is the only proof of a height, and tells a failure that changed nothing from others. A log may come
 * late, or its last lines.
 */
function isLogToCome(scope: Scope, { pod }: Piece, seen: WorkSeen): boolean {
  const { output, finishedAt, termination, failedProgram } = seen;
  if (finishedAt === undefined || (termination === undefined && failedProgram === undefined)) return false;
  const elapsedMs = since(scope, finishedAt);
  if (output === undefined) return elapsedMs < DEADLINE.log && (failedProgram !== undefined || saysHeight(pod));
  return (
    elapsedMs < DEADLINE.lastLines &&
    failedProgram === undefined &&
    saysHeight(pod) &&
    heightIn(pod, output) === undefined
  );
}

function saysHeight({ heightPattern }: PodWork): boolean {
  return heightPattern !== undefined;
}

/** Nobody can say how it ended. What may be repeated is begun again, once no pod of before is left. */
function unclear(
  scope: Scope,
  piece: Piece,
  { work, why }: { readonly work: JobWork; readonly why: string },
): WorkStep {
  if (scope.seen.workPods > 0) return { work, effects: [], waits: `waits until the pods of ${work.name} are gone` };
  if (piece.pod.repeatable && work.attempt < MAX_ATTEMPTS) return begin(scope, piece, work.attempt + 1);
  const message = `the work on ${work.node} ended without a result: ${why}`;
  return {
    work: {
      ...work,
      outcome: 'Unclear',
      code: 'NoResult',
      message,
      unsafe: piece.pod.unsafeWhenUnclear,
      endedAt: timestamp(scope.now),
    },
    effects: [],
  };
}

function failed({ now }: Scope, work: JobWork, code: string, message: string): WorkStep {
  return {
    work: { ...work, outcome: 'Failed', code, message: message.slice(0, 1024), unsafe: false, endedAt: timestamp(now) },
    effects: [],
  };
}

function abort(scope: Scope, work: JobWork, { code, why, unsafe }: Abort): WorkStep {
  const step = failed(scope, work, code, why);
  const effects: Effect[] =
    work.uid === undefined ? [] : [{ do: 'deleteJob', name: work.name, uid: work.uid, because: why.slice(0, 256) }];
  return { work: { ...step.work, unsafe }, effects };
}
