// Verifying: whether the result is proven, before a node is started on it.

import type { JobStatus, JobTask } from '../../api/job-status.ts';
import { defined } from '../../lib/defined.ts';
import { stopInjected } from '../task/stop-injected.ts';
import { stopAborted, stopForged } from '../task/stop-tasks.ts';
import { waitsForWorkers } from '../task/workers-left.ts';
import { enter, fail, listOf, stay, viewOf, type Failure, type Move, type Scope } from '../model/scope.ts';

/** A pod's success alone is no proof: each kind says what is. */
export function verifying(scope: Scope): Move {
  const { status, open, observed } = scope;
  const tasks = status.works ?? [];
  if (observed.workerPods > 0)
    return stay(scope, waitsForWorkers(scope), {
      effects: [...stopAborted(scope), ...stopInjected(scope, tasks), ...stopForged(tasks)],
    });
  const failure = failureOf(tasks);
  if (failure !== undefined) return fail(scope, failure, figures(tasks));
  const verdict = open.judge(viewOf(scope), tasks);
  if (!verdict.ok) return fail(scope, verdict, figures(tasks));
  const notes = status.notes ?? [];
  return enter(scope, {
    phase: 'Starting',
    reason: 'Verified',
    message: verdict.message,
    status: {
      ...figures(tasks),
      ...defined({ objectStorage: verdict.stored }),
      notes: [...notes, verdict.message].slice(-8),
      ...(verdict.height === undefined ? {} : { height: verdict.height }),
      ...(verdict.format === undefined ? {} : { format: verdict.format }),
    },
  });
}

function failureOf(tasks: readonly JobTask[]): Failure | undefined {
  const bad = tasks.filter(({ outcome }) => outcome !== 'Succeeded');
  const [first] = bad;
  if (first === undefined) return undefined;
  const reason = first.code ?? 'WorkFailed';
  const message = first.message ?? `the work on ${first.node} failed`;
  const good = tasks.filter(({ outcome }) => outcome === 'Succeeded');
  if (good.length === 0) return { reason, message, unsafe: bad.some(({ unsafe }) => unsafe === true) };
  return {
    reason: 'HalfDone',
    message: `${listOf(good.map(({ node }) => node))} went back, ${listOf(bad.map(({ node }) => node))} did not (${message}): started like this, they would fetch the removed blocks again`,
    unsafe: true,
  };
}

/** Sums over all pieces, and the one manifest. */
function figures(tasks: readonly JobTask[]): Partial<JobStatus> {
  const manifest = tasks.map(({ manifestSha256 }) => manifestSha256).find((found) => found !== undefined);
  return {
    ...sum('bytes', tasks),
    ...sum('files', tasks),
    ...(manifest === undefined ? {} : { manifestSha256: manifest }),
  };
}

function sum(field: 'bytes' | 'files', tasks: readonly JobTask[]): Partial<Record<'bytes' | 'files', number>> {
  const known = tasks.flatMap((task) => task[field] ?? []);
  return known.length === 0 ? {} : { [field]: known.reduce((total, value) => total + value, 0) };
}
