// Verifying: whether the result is proven, before a node is started on it.

import type { JobStatus, JobTask } from '../../api/job-status.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import { DEADLINE } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { enter, fail, listOf, stay, viewOf, type Failure, type Move, type Scope } from '../model/scope.ts';

/** A pod's success alone is no proof: each kind says what is. */
export function verifying(scope: Scope): Move {
  const { status, open, observed } = scope;
  const works = status.works ?? [];
  if (observed.workerPods > 0)
    return stay(scope, 'waits until the worker pods are gone', { effects: stopInjected(scope, works) });
  const failure = failureOf(works);
  if (failure !== undefined) return fail(scope, failure, figures(works));
  const verdict = open.judge(viewOf(scope), works);
  if (!verdict.ok) return fail(scope, verdict, figures(works));
  const notes = status.notes ?? [];
  return enter(scope, {
    phase: 'Starting',
    reason: 'Verified',
    message: verdict.message,
    status: {
      ...figures(works),
      notes: [...notes, verdict.message].slice(-8),
      ...(verdict.height === undefined ? {} : { height: verdict.height }),
      ...(verdict.format === undefined ? {} : { format: verdict.format }),
    },
  });
}

/**
 * A container that the cluster injected never ends by itself: the Job is deleted once its own containers had time to end.
 * What it did is on record.
 */
function stopInjected({ observed, now }: Scope, works: readonly JobTask[]): readonly Effect[] {
  return works.flatMap(({ name, uid, endedAt }) => {
    const live = observed.tasks.get(name);
    const isOver = endedAt !== undefined && now - (millisecondsOf(endedAt) ?? now) > DEADLINE.beside;
    if (uid === undefined || live?.uid !== uid || live.active === 0 || live.taskEnded === undefined || !isOver)
      return [];
    return [
      { do: 'deleteJob', name, uid, because: 'its task has ended, and another container keeps its pod' } as const,
    ];
  });
}

function failureOf(works: readonly JobTask[]): Failure | undefined {
  const bad = works.filter(({ outcome }) => outcome !== 'Succeeded');
  const [first] = bad;
  if (first === undefined) return undefined;
  const reason = first.code ?? 'WorkFailed';
  const message = first.message ?? `the work on ${first.node} failed`;
  const good = works.filter(({ outcome }) => outcome === 'Succeeded');
  if (good.length === 0) return { reason, message, unsafe: bad.some(({ unsafe }) => unsafe === true) };
  return {
    reason: 'HalfDone',
    message: `${listOf(good.map(({ node }) => node))} went back, ${listOf(bad.map(({ node }) => node))} did not (${message}): started like this, they would fetch the removed blocks again`,
    unsafe: true,
  };
}

/** Sums over all pieces, and the one manifest. */
function figures(works: readonly JobTask[]): Partial<JobStatus> {
  const manifest = works.map(({ manifestSha256 }) => manifestSha256).find((found) => found !== undefined);
  return {
    ...sum('bytes', works),
    ...sum('files', works),
    ...(manifest === undefined ? {} : { manifestSha256: manifest }),
  };
}

function sum(field: 'bytes' | 'files', works: readonly JobTask[]): Partial<Record<'bytes' | 'files', number>> {
  const known = works.flatMap((work) => work[field] ?? []);
  return known.length === 0 ? {} : { [field]: known.reduce((total, value) => total + value, 0) };
}
