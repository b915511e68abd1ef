// Reads the result that a worker pod left in its termination message.

import { MAX_RESULT_BYTES, TaskResult } from '../../api/worker-task.ts';
import { cleanLine } from '../../lib/clean-text.ts';

/**
 * The result, or a failure `UnreadableResult` for anything that is none: the text comes from a pod and may be empty,
 * cut off or nonsense. Never throws; its texts are one line, without control characters.
 */
export function parseResult(text: string): TaskResult {
  if (text.length > MAX_RESULT_BYTES) return unreadable('is longer than 4096 bytes');
  const result = TaskResult.safeParse(fromJson(text));
  if (!result.success) return unreadable('is not the expected JSON');
  const { message, code, ...rest } = result.data;
  return {
    ...rest,
    ...(message === undefined ? {} : { message: cleanLine(message, 1000) }),
    ...(code === undefined || !/^[A-Z][A-Za-z0-9]*$/.test(code) ? {} : { code }),
  };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(what: string): TaskResult {
  return { ok: false, code: 'UnreadableResult', message: `the termination message of the worker pod ${what}` };
}
