// How a finished task ended: from the Job, the termination message, and what a program before it wrote.

import type { JobTask } from '../../api/job-status.ts';
import type { TaskResult } from '../../api/worker-task.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { stripControls } from '../../lib/clean-text.ts';
import { defined } from '../../lib/defined.ts';
import { redact } from '../../lib/redact.ts';
import { parseResult } from './result.ts';
import type { ObservedTask } from '../model/observation.ts';

export type End = Pick<
  JobTask,
  | 'code'
  | 'height'
  | 'bytes'
  | 'files'
  | 'manifestSha256'
  | 'snapshotId'
  | 'bytesAdded'
  | 'snapshotsLeft'
  | 'swapped'
  | 'unsafe'
  | 'text'
> & {
  readonly outcome: 'Succeeded' | 'Failed' | 'Unclear';
  readonly message: string;
};

/** `Unclear` when there is neither success nor a failure with a reason: the pod was killed or is gone. */
export function readOutcome(pod: TaskSpec, observed: ObservedTask): End {
  if (observed.failedProgram !== undefined) return programFailed(pod, observed, observed.failedProgram);
  if (observed.termination === undefined || observed.termination === '') return withoutResult(pod, observed);
  const result = parseResult(observed.termination);
  if (result.code === 'UnreadableResult') return withoutResult(pod, observed);
  if (result.ok && hasSucceeded(observed)) return succeeded(pod, observed, result);
  return {
    outcome: 'Failed',
    message: result.message ?? 'the work failed without saying why',
    code: result.code ?? 'WorkFailed',
    unsafe: pod.unsafeWhenUnclear && result.swapped !== false,
    ...figures(result),
  };
}

/** By the container `work` alone where that is known: an injected container may fail or never end. */
function hasSucceeded({ taskEnded, finished }: ObservedTask): boolean {
  return taskEnded === undefined ? finished === 'Complete' : taskEnded.exitCode === 0;
}

function succeeded(pod: TaskSpec, { output }: ObservedTask, result: TaskResult): End {
  const height = result.height ?? heightIn(pod, output ?? '') ?? pod.reaches;
  return {
    outcome: 'Succeeded',
    message: result.message ?? 'done',
    ...figures(result),
    ...(height === undefined ? {} : { height }),
  };
}

/** The height that a program says it reached; the last one, should it print several. */
export function heightIn({ heightPattern }: TaskSpec, output: string): number | undefined {
  if (heightPattern === undefined) return undefined;
  const found = [...output.slice(-65_536).matchAll(new RegExp(heightPattern, 'g'))].at(-1)?.[1];
  return found === undefined || !Number.isSafeInteger(Number(found)) ? undefined : Number(found);
}

function programFailed(
  pod: TaskSpec,
  { output = '' }: ObservedTask,
  program: { readonly name: string; readonly exitCode: number },
): End {
  const isClean = pod.cleanFailure !== undefined && new RegExp(pod.cleanFailure).test(output);
  const why = lineWithReason(output);
  return {
    outcome: 'Failed',
    code: 'ProgramFailed',
    message: `${program.name} ended with exit code ${program.exitCode}${why === '' ? ' and wrote nothing' : `: ${why}`}`,
    unsafe: pod.unsafeWhenUnclear && !isClean && program.name !== 'check',
  };
}

const COMPLAINT = /\b(panicked|panic|fatal|error|failed)\b/i;

/**
 * A log joins two pipes in any order: the line that complains need not be the last one, though it was written last. Redacted as a
 * whole, because a line may be the middle of a secret.
 */
function lineWithReason(output: string): string {
  const lines = redact(stripControls(output.slice(-65_536)))
    .trim()
    .split('\n');
  return (lines.findLast((line) => COMPLAINT.test(line)) ?? lines.at(-1) ?? '').slice(0, 300);
}

function withoutResult(pod: TaskSpec, { reason, finished }: ObservedTask): End {
  if (reason === 'DeadlineExceeded')
    return {
      outcome: 'Failed',
      code: 'DeadlineExceeded',
      message: 'the work took longer than spec.deadlineSeconds',
      unsafe: pod.unsafeWhenUnclear,
    };
  const what = finished === 'Complete' ? 'it ended without leaving a result' : 'its pod was killed, evicted or deleted';
  return { outcome: 'Unclear', message: what };
}

function figures(result: TaskResult) {
  const { bytes, files, manifestSha256, snapshotId, bytesAdded, snapshotsLeft, swapped, height, text } = result;
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(files === undefined ? {} : { files }),
    ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
    ...defined({ snapshotId, bytesAdded, snapshotsLeft }),
    ...(swapped === undefined ? {} : { swapped }),
    ...(height === undefined ? {} : { height }),
    ...(text === undefined ? {} : { text }),
  };
}
