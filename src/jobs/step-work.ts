// One piece of work in a pod: created suspended, remembered, let run, read. It can't run twice, whenever we crash.

import type { JobWork } from '../api/job-status.ts';
import { millisecondsOf, timestamp } from '../lib/timestamp.ts';
import { DEADLINE, MAX_ATTEMPTS } from './deadlines.ts';
import type { Effect } from './effect.ts';
import { readEnd } from './read-end.ts';
import { jobObjectName } from './names.ts';
import type { PodWork } from './pod-work.ts';
import type { Scope } from './scope.ts';
import type { WorkSeen } from './seen.ts';
import { renderWorkJob } from './work-job.ts';

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

const HOPELESS = ['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError'];
const PULLING = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];

function watch(
  scope: Scope,
  piece: Piece,
  { work, seen }: { readonly work: JobWork; readonly seen: WorkSeen },
): WorkStep {
  if (seen.running) {
    const runningSince = work.runningSince ?? timestamp(scope.now);
    const tooLong = since(scope, runningSince) > scope.open.common.deadlineSeconds * 1000 + DEADLINE.begin;
    if (tooLong)
      return abort(
        scope,
        { ...work, runningSince },
        {
          code: 'DeadlineExceeded',
          why: `the work on ${work.node} took longer than spec.deadlineSeconds`,
          unsafe: piece.pod.unsafeWhenUnclear,
        },
      );
    return { work: { ...work, runningSince }, effects: [], waits: `works on ${work.node}` };
  }
  const waited = since(scope, work.intentAt);
  const { waiting, unschedulable } = seen;
  if (
    waiting !== undefined &&
    PULLING.includes(waiting.reason) &&
    (HOPELESS.includes(waiting.reason) || waited > DEADLINE.pull)
  )
    return abort(scope, work, {
      code: 'ImageNotPullable',
      why: `the image can't be pulled (${waiting.reason}): ${waiting.message}`,
      unsafe: work.runningSince !== undefined && piece.pod.unsafeWhenUnclear,
    });
  if (waited <= DEADLINE.begin || work.runningSince !== undefined)
    return {
      work,
      effects: [],
      waits:
        waiting === undefined
          ? (unschedulable ?? `waits for the working pod of ${work.node}`)
          : `${waiting.reason}: ${waiting.message}`,
    };
  return abort(scope, work, { ...whyNotRunning(scope, piece, seen), unsafe: false });
}

/** The most telling reason why a pod has not begun. */
function whyNotRunning(
  { seen: { claim } }: Scope,
  { claimName }: Piece,
  { waiting, unschedulable }: WorkSeen,
): { code: string; why: string } {
  if (claimName !== undefined && claim?.phase === 'Pending')
    return {
      code: 'ClaimPending',
      why: `the volume claim ${claimName} got no volume within 10 minutes${claim.message === undefined ? '; is its storage class right?' : `: ${claim.message}`}`,
    };
  if (unschedulable !== undefined)
    return { code: 'Unschedulable', why: `the working pod fits on no machine: ${unschedulable}` };
  if (waiting !== undefined)
    return {
      code: 'PodNotStarted',
      why: `the working pod did not start within 10 minutes: ${waiting.reason} ${waiting.message}`,
    };
  return {
    code: 'PodNotStarted',
    why: 'the working pod did not start within 10 minutes; is its volume still attached to another machine? podAffinityFlag keeps it on the same one',
  };
}

function end(
  scope: Scope,
  piece: Piece,
  { work, seen }: { readonly work: JobWork; readonly seen: WorkSeen },
): WorkStep {
  const read = readEnd(piece.pod, seen);
  const digest = seen.imageDigest === undefined ? {} : { imageDigest: seen.imageDigest.slice(0, 512) };
  if (read.outcome === 'Unclear') return unclear(scope, piece, { work: { ...work, ...digest }, why: read.message });
  return { work: { ...work, ...digest, ...read, endedAt: timestamp(scope.now) }, effects: [] };
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

interface Abort {
  readonly code: string;
  readonly why: string;
  readonly unsafe: boolean;
}

function abort(scope: Scope, work: JobWork, { code, why, unsafe }: Abort): WorkStep {
  const step = failed(scope, work, code, why);
  const effects: Effect[] =
    work.uid === undefined ? [] : [{ do: 'deleteJob', name: work.name, uid: work.uid, because: why.slice(0, 256) }];
  return { work: { ...step.work, unsafe }, effects };
}

function since({ now }: Scope, time: string): number {
  return now - (millisecondsOf(time) ?? now);
}
