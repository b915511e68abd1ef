// `nodewright job run`: performs one task and leaves its result for the controller.

import { TaskParameters, type TaskResult } from '../api/worker-task.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';
import type { TaskContext } from './context.ts';
import { perform } from './perform.ts';
import { writeTermination } from './termination.ts';
import { toTaskError, TaskError } from './task-error.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 143 } as const;

export interface TaskRun {
  /** `TaskParameters` as JSON. */
  readonly parameters: string;
  /** Where the result goes. */
  readonly resultPath: string;
  readonly context: TaskContext;
}

/**
 * Gives the exit code: 0 done, 1 failed, 2 wrong parameters, 143 stopped by a signal. The result is the last logged line and the
 * content of `resultPath`; a run that was stopped writes none, so that its result is unknown and it is tried again.
 */
export async function runTask({ parameters, resultPath, context }: TaskRun): Promise<number> {
  const result = await resultOf(() => perform(parse(parameters), context));
  if (result.code === 'Interrupted') {
    context.say(result.message ?? 'interrupted');
    return EXIT.interrupted;
  }
  context.say(JSON.stringify(result));
  try {
    writeTermination(resultPath, result);
  } catch (error) {
    context.say(
      `the result could not be written to ${resultPath}: ${toTaskError(error, 'termination message').message}`,
    );
    return EXIT.failed;
  }
  if (result.ok) return EXIT.ok;
  return result.code === 'BadParameters' ? EXIT.usage : EXIT.failed;
}

/** SIGTERM and SIGINT of this process as a signal; `release` stops listening. */
export function stopSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGTERM', stop).off('SIGINT', stop),
  };
}

function parse(json: string): TaskParameters {
  let parameters: unknown;
  try {
    parameters = JSON.parse(json);
  } catch (error) {
    throw new TaskError('BadParameters', 'the parameters are no JSON', { cause: error });
  }
  const parsed = TaskParameters.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new TaskError('BadParameters', `the parameters are wrong: ${cleanLine(what.slice(0, 5).join('; '), 500)}`);
}

async function resultOf(act: () => Promise<TaskResult>): Promise<TaskResult> {
  try {
    return await act();
  } catch (error) {
    const { code, message, swapped } = toTaskError(error, 'job');
    // A restore and the writing of a signer state change a node's data, and say so when they did.
    return { ok: false, code, message: redact(message), swapped };
  }
}
