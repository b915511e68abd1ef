// Reads the result that a worker pod left in its termination message.

import { isFailureReason, type FailureReason } from '../../api/codes/job-reasons.ts';
import { MAX_RESULT_BYTES, TaskResult } from '../../api/worker-task.ts';
import { redactedLine } from '../../lib/redact.ts';

export type ParsedResult = Omit<TaskResult, 'code'> & { readonly code?: FailureReason };

/**
 * The result, or a failure `UnreadableResult` for anything that is none: the text comes from a pod and may be empty,
 * cut off or nonsense. Never throws; its message is one line, redacted, without control characters.
 */
export function parseResult(text: string): ParsedResult {
  if (text.length > MAX_RESULT_BYTES) return unreadable('is longer than 4096 bytes');
  const result = TaskResult.safeParse(fromJson(text));
  if (!result.success) return unreadable('is not the expected JSON');
  const { message, code, ...rest } = result.data;
  return {
    ...rest,
    ...(message === undefined ? {} : { message: redactedLine(message, 1000) }),
    ...(code === undefined || !isFailureReason(code) ? {} : { code }),
  };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(what: string): ParsedResult {
  return { ok: false, code: 'UnreadableResult', message: `the termination message of the worker pod ${what}` };
}
