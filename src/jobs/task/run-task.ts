// One task in a pod: created suspended, remembered, let run, read. It can't run twice, whenever we crash.

import type { JobTask } from '../../api/job-status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { DEADLINE, MAX_ATTEMPTS } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { since, stableText, whyBlocked, type Abort } from './blocked.ts';
import { heightIn, readOutcome } from './outcome.ts';
import { jobObjectName } from '../model/names.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import type { ObservedTask } from '../model/observation.ts';
import { renderWorkerJob } from './render-job.ts';
import { stopInjected } from './stop-injected.ts';
import { stopForged } from './stop-tasks.ts';
import { waitsFor } from './workers-left.ts';

export interface TaskProgress {
  readonly task: JobTask;
  readonly effects: readonly Effect[];
  /** What it waits for, while it has not ended. */
  readonly waits?: string;
}

export interface PlannedTask {
  readonly pod: TaskSpec;
  readonly index: number;
  /** How many tasks there are. */
  readonly of: number;
  /** Set where a request works in several steps: tasks of two steps must never share a name. */
  readonly tag?: string | undefined;
  readonly claimName: string | undefined;
}

/** The next step. Every branch asks again for what the world still lacks. */
export function runTask(scope: Scope, planned: PlannedTask): TaskProgress {
  const progress = stepTask(scope, planned);
  const { task } = progress;
  // However a second attempt fails, it proves nothing of what the first one changed.
  const isUnsafe = task.outcome === 'Failed' && task.attempt > 1 && planned.pod.unsafeWhenUnclear;
  return isUnsafe ? { ...progress, task: { ...task, unsafe: true } } : progress;
}

function stepTask(scope: Scope, planned: PlannedTask): TaskProgress {
  const task = scope.status.works?.find(({ node }) => node === planned.pod.node);
  if (task === undefined) return begin(scope, planned, 1);
  if (task.outcome !== undefined) return { task, effects: [] };
  const observed = scope.observed.tasks.get(task.name);
  if (task.uid === undefined) return remember(scope, planned, { task, observed });
  if (observed?.uid !== task.uid) return unclear(scope, planned, { task, why: 'its Job was deleted' });
  if (observed.doubt !== undefined) return inDoubt(scope, planned, { task, why: observed.doubt });
  if (hasEnded(observed)) return end(scope, planned, { task, observed });
  if (observed.suspended)
    return { task, effects: [{ do: 'resumeJob', name: task.name, uid: task.uid }], waits: 'starts the worker pod' };
  return watch(scope, planned, { task, observed });
}

function hasEnded({ finished, taskEnded }: ObservedTask): boolean {
  return finished !== undefined || taskEnded !== undefined;
}

function begin(scope: Scope, planned: PlannedTask, attempt: number): TaskProgress {
  const parts = [
    planned.tag ?? '',
    planned.of > 1 ? String(planned.index) : '',
    attempt > 1 ? `r${attempt}` : '',
  ].filter((part) => part !== '');
  const name = jobObjectName(scope.job, parts.join('-'));
  const task: JobTask = { name, node: planned.pod.node, attempt, intentAt: timestamp(scope.now) };
  // The first thing that is known of a Job is on record before it is created.
  if (scope.observed.tasks.has(name)) return nameTaken(scope, task);
  return { task, effects: [create(scope, planned, name)], waits: `creates the worker pod for ${planned.pod.node}` };
}

function create({ job, open, settings }: Scope, { pod }: PlannedTask, name: string): Effect {
  return { do: 'createJob', object: renderWorkerJob({ job, common: open.common, settings, name, task: pod }) };
}

interface Found {
  readonly task: JobTask;
  readonly observed: ObservedTask | undefined;
}

/**
 * Created but not yet on record: it is suspended, so it has not run. Its name and label are no secret: only a Job whose UID the API server has
 * returned to this process is the one that it created. Only that UID, once stored, lets it run.
 */
function remember(scope: Scope, planned: PlannedTask, { task, observed }: Found): TaskProgress {
  if (observed?.uid === undefined || observed.going === true)
    return createUntilLate(scope, planned, { task, observed });
  const { uid, made, jobUid } = observed;
  if (made === true)
    return {
      task: { ...task, uid },
      effects: [{ do: 'resumeJob', name: task.name, uid }],
      waits: 'starts the worker pod',
    };
  if (made === false || jobUid !== scope.job.uid || hasBegun(observed)) return nameTaken(scope, task);
  const because = 'it is not on record, and another process or someone else has created it';
  return {
    task,
    effects: [{ do: 'deleteJob', name: task.name, uid, because }, create(scope, planned, task.name)],
    waits: `creates the worker pod for ${task.node} again: ${because}`,
  };
}

function createUntilLate(scope: Scope, planned: PlannedTask, { task, observed }: Found): TaskProgress {
  if (since(scope, task.intentAt) > DEADLINE.begin)
    return failed(scope, task, {
      code: 'JobNotCreated',
      why: `the Job ${task.name} could not be created within 10 minutes`,
    });
  const effects = observed === undefined ? [create(scope, planned, task.name)] : [];
  return { task, effects, waits: `creates the worker pod for ${task.node}` };
}

/** One that this job has created does nothing before its UID is on record. */
function hasBegun(observed: ObservedTask): boolean {
  return !observed.suspended || observed.active > 0 || hasEnded(observed);
}

function nameTaken(scope: Scope, task: JobTask): TaskProgress {
  const why = `a Job ${task.name} that this request did not make is there already`;
  return failed(scope, task, { code: 'NameTaken', why });
}

interface Watched {
  readonly task: JobTask;
  readonly observed: ObservedTask;
}

function watch(scope: Scope, planned: PlannedTask, { task, observed }: Watched): TaskProgress {
  if (observed.running) return watchRunning(scope, planned, task);
  const never = whyBlocked(scope, planned, { task, observed });
  if (never !== undefined) return abort(scope, task, { ...never, why: stableText(never.why, task.name) });
  const { waiting, unschedulable, refused } = observed;
  const trouble = waiting === undefined ? (unschedulable ?? refused) : `${waiting.reason}: ${waiting.message}`;
  const waits = trouble === undefined ? `waits for the worker pod of ${task.node}` : stableText(trouble, task.name);
  return { task, effects: [], waits };
}

function watchRunning(scope: Scope, { pod }: PlannedTask, task: JobTask): TaskProgress {
  const runningSince = task.runningSince ?? timestamp(scope.now);
  const known = { ...task, runningSince };
  if (since(scope, runningSince) <= scope.open.common.deadlineSeconds * 1000 + DEADLINE.begin)
    return { task: known, effects: [], waits: `works on ${task.node}` };
  const why = `the work on ${task.node} took longer than spec.deadlineSeconds`;
  return abort(scope, known, { code: 'DeadlineExceeded', why, unsafe: pod.unsafeWhenUnclear });
}

function end(scope: Scope, planned: PlannedTask, { task, observed }: Watched): TaskProgress {
  if (isLogLate(scope, planned, observed)) return { task, effects: [], waits: `waits for the log of ${task.name}` };
  const read = readOutcome(planned.pod, observed);
  const digest = observed.imageDigest === undefined ? {} : { imageDigest: observed.imageDigest.slice(0, 512) };
  if (read.outcome === 'Unclear') return unclear(scope, planned, { task: { ...task, ...digest }, why: read.message });
  return { task: { ...task, ...digest, ...read, endedAt: timestamp(scope.now) }, effects: [] };
}

/** A log may come late, or its last lines. */
function isLogLate(scope: Scope, { pod }: PlannedTask, observed: ObservedTask): boolean {
  const finishedAt = observed.finishedAt ?? observed.taskEnded?.at;
  if (finishedAt === undefined || !isLogNeeded(pod, observed)) return false;
  const elapsedMs = since(scope, finishedAt);
  if (observed.output === undefined) return elapsedMs < DEADLINE.log;
  const isComplete = observed.failedProgram !== undefined || heightIn(pod, observed.output) !== undefined;
  return elapsedMs < DEADLINE.lastLines && !isComplete;
}

/** What a program printed is the only proof of a height, and of a failure that changed nothing. */
function isLogNeeded({ heightPattern }: TaskSpec, { termination, failedProgram }: ObservedTask): boolean {
  return failedProgram !== undefined || (termination !== undefined && heightPattern !== undefined);
}

/** Its end is unknown. What may be repeated is started again, once no pod of before is left. */
function unclear(
  scope: Scope,
  planned: PlannedTask,
  { task, why }: { readonly task: JobTask; readonly why: string },
): TaskProgress {
  if (scope.observed.workerPods > 0) {
    const effects = stopInjected(scope, [{ ...task, endedAt: timestamp(scope.now) }]);
    return { task, effects, waits: waitsFor(`waits until the pods of ${task.name} are gone`, scope) };
  }
  if (planned.pod.repeatable && task.attempt < MAX_ATTEMPTS) return begin(scope, planned, task.attempt + 1);
  const message = `the work on ${task.node} ended without a result: ${why}`;
  return {
    task: {
      ...task,
      outcome: 'Unclear',
      code: 'NoResult',
      message,
      unsafe: planned.pod.unsafeWhenUnclear,
      endedAt: timestamp(scope.now),
    },
    effects: [],
  };
}

/** Nothing of it is believed, not even a failure that changed nothing, and it is not repeated. Its Job goes, and the pods with it. */
function inDoubt(
  { now }: Scope,
  { pod }: PlannedTask,
  { task, why }: { readonly task: JobTask; readonly why: string },
): TaskProgress {
  const message = `the work on ${task.node} has no result that can be trusted: ${why}. Find out who made it, then file the job again`;
  const ended: JobTask = {
    ...task,
    outcome: 'Unclear',
    code: 'PodNotOfJob',
    message: message.slice(0, 1024),
    unsafe: pod.unsafeWhenUnclear,
    endedAt: timestamp(now),
  };
  return { task: ended, effects: stopForged([ended]) };
}

function failed({ now }: Scope, task: JobTask, { code, why }: Pick<Abort, 'code' | 'why'>): TaskProgress {
  return {
    task: { ...task, outcome: 'Failed', code, message: why.slice(0, 1024), unsafe: false, endedAt: timestamp(now) },
    effects: [],
  };
}

function abort(scope: Scope, task: JobTask, { code, why, unsafe }: Abort): TaskProgress {
  const step = failed(scope, task, { code, why });
  const effects: Effect[] =
    task.uid === undefined ? [] : [{ do: 'deleteJob', name: task.name, uid: task.uid, because: why.slice(0, 256) }];
  return { task: { ...step.task, unsafe }, effects };
}
