// One piece of work in a pod: created suspended, remembered, let run, read. It can't run twice, whenever we crash.

import type { JobTask } from '../../api/job-status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { DEADLINE, MAX_ATTEMPTS } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { since, whyBlocked, type Abort } from './blocked.ts';
import { heightIn, readOutcome } from './outcome.ts';
import { jobObjectName } from '../model/names.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import type { ObservedTask } from '../model/observation.ts';
import { renderWorkerJob } from './render-job.ts';

export interface TaskProgress {
  readonly work: JobTask;
  readonly effects: readonly Effect[];
  /** What it waits for, while it has not ended. */
  readonly waits?: string;
}

export interface Piece {
  readonly pod: TaskSpec;
  readonly index: number;
  /** How many pieces there are. */
  readonly of: number;
  /** Set where a request works in several steps: pieces of two steps must never share a name. */
  readonly tag?: string | undefined;
  readonly claimName: string | undefined;
}

/** The next step. Every branch asks again for what the world still lacks. */
export function runTask(scope: Scope, piece: Piece): TaskProgress {
  const work = scope.status.works?.find(({ node }) => node === piece.pod.node);
  if (work === undefined) return begin(scope, piece, 1);
  if (work.outcome !== undefined) return { work, effects: [] };
  const observed = scope.observed.tasks.get(work.name);
  if (work.uid === undefined) return remember(scope, piece, { work, observed });
  if (observed?.uid !== work.uid) return unclear(scope, piece, { work, why: 'its Job was deleted' });
  if (observed.suspended && observed.finished === undefined)
    return { work, effects: [{ do: 'resumeJob', name: work.name, uid: work.uid }], waits: 'starts the worker pod' };
  return observed.finished === undefined
    ? watch(scope, piece, { work, observed })
    : end(scope, piece, { work, observed });
}

function begin(scope: Scope, piece: Piece, attempt: number): TaskProgress {
  const parts = [piece.tag ?? '', piece.of > 1 ? String(piece.index) : '', attempt > 1 ? `r${attempt}` : ''].filter(
    (part) => part !== '',
  );
  const name = jobObjectName(scope.job, parts.join('-'));
  const work: JobTask = { name, node: piece.pod.node, attempt, intentAt: timestamp(scope.now) };
  return { work, effects: [create(scope, piece, name)], waits: `creates the worker pod for ${piece.pod.node}` };
}

function create({ job, open, settings }: Scope, { pod }: Piece, name: string): Effect {
  return { do: 'createJob', object: renderWorkerJob({ job, common: open.common, settings, name, work: pod }) };
}

interface Found {
  readonly work: JobTask;
  readonly observed: ObservedTask | undefined;
}

/** Created but not yet remembered: it is suspended, so it has not run. Only its UID, once stored, lets it run. */
function remember(scope: Scope, piece: Piece, { work, observed }: Found): TaskProgress {
  if (observed?.uid === undefined) {
    if (since(scope, work.intentAt) > DEADLINE.begin)
      return failed(scope, work, 'JobNotCreated', `the Job ${work.name} could not be created within 10 minutes`);
    return { work, effects: [create(scope, piece, work.name)], waits: `creates the worker pod for ${work.node}` };
  }
  if (observed.jobUid !== scope.job.uid)
    return failed(scope, work, 'NameTaken', `a Job ${work.name} that this request did not make is there already`);
  return {
    work: { ...work, uid: observed.uid },
    effects: [{ do: 'resumeJob', name: work.name, uid: observed.uid }],
    waits: 'starts the worker pod',
  };
}

interface Watched {
  readonly work: JobTask;
  readonly observed: ObservedTask;
}

function watch(scope: Scope, piece: Piece, { work, observed }: Watched): TaskProgress {
  if (observed.running) return watchRunning(scope, piece, work);
  const never = whyBlocked(scope, piece, { work, observed });
  if (never !== undefined) return abort(scope, work, never);
  const { waiting, unschedulable, refused } = observed;
  const trouble = waiting === undefined ? (unschedulable ?? refused) : `${waiting.reason}: ${waiting.message}`;
  return { work, effects: [], waits: trouble ?? `waits for the worker pod of ${work.node}` };
}

function watchRunning(scope: Scope, { pod }: Piece, work: JobTask): TaskProgress {
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
  { work, observed }: { readonly work: JobTask; readonly observed: ObservedTask },
): TaskProgress {
  if (isLogLate(scope, piece, observed)) return { work, effects: [], waits: `waits for the log of ${work.name}` };
  const read = readOutcome(piece.pod, observed);
  const digest = observed.imageDigest === undefined ? {} : { imageDigest: observed.imageDigest.slice(0, 512) };
  if (read.outcome === 'Unclear') return unclear(scope, piece, { work: { ...work, ...digest }, why: read.message });
  return { work: { ...work, ...digest, ...read, endedAt: timestamp(scope.now) }, effects: [] };
}

/**
 * What a program printed is the only proof of a height, and tells a failure that changed nothing from others. A log may come
 * late, or its last lines.
 */
function isLogLate(scope: Scope, { pod }: Piece, observed: ObservedTask): boolean {
  const { output, finishedAt, termination, failedProgram } = observed;
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

function saysHeight({ heightPattern }: TaskSpec): boolean {
  return heightPattern !== undefined;
}

/** Nobody can say how it ended. What may be repeated is begun again, once no pod of before is left. */
function unclear(
  scope: Scope,
  piece: Piece,
  { work, why }: { readonly work: JobTask; readonly why: string },
): TaskProgress {
  if (scope.observed.workerPods > 0)
    return { work, effects: [], waits: `waits until the pods of ${work.name} are gone` };
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

function failed({ now }: Scope, work: JobTask, code: string, message: string): TaskProgress {
  return {
    work: { ...work, outcome: 'Failed', code, message: message.slice(0, 1024), unsafe: false, endedAt: timestamp(now) },
    effects: [],
  };
}

function abort(scope: Scope, work: JobTask, { code, why, unsafe }: Abort): TaskProgress {
  const step = failed(scope, work, code, why);
  const effects: Effect[] =
    work.uid === undefined ? [] : [{ do: 'deleteJob', name: work.name, uid: work.uid, because: why.slice(0, 256) }];
  return { work: { ...step.work, unsafe }, effects };
}
