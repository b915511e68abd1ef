// Reads unknown errors.

import type { ErrorCode } from './error-codes.ts';
import { isSystemCode, type SystemCode } from './system-codes.ts';

/** The base of all errors with a code: callers compare `code`; `message` is for users, `cause` is the origin. */
export class CodedError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A one-line description of anything that was thrown, with the causes it carries. Not redacted: see redact.ts. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (const cause of causesOf(error)) {
    const text = oneLine(cause);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
  }
  return parts.join(': ');
}

/** The code of the first of our own errors among `error` and its causes. */
export function codeOf(error: unknown): ErrorCode | undefined {
  for (const cause of causesOf(error)) if (cause instanceof CodedError) return cause.code;
  return undefined;
}

/** Whether `codeOf` is one of `codes`. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
}

/** The code that the operating system or the HTTP client gave the error or one of its causes. */
export function systemCodeOf(error: unknown): SystemCode | undefined {
  for (const cause of causesOf(error))
    if (cause instanceof Error && 'code' in cause && isSystemCode(cause.code)) return cause.code;
  return undefined;
}

/** Whether `systemCodeOf` is one of `codes`. */
export function hasSystemCode(error: unknown, ...codes: readonly SystemCode[]): boolean {
  const code = systemCodeOf(error);
  return code !== undefined && codes.includes(code);
}

const MAX_DEPTH = 5;

function* causesOf(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current !== undefined && current !== null; depth++) {
    yield current;
    current = current instanceof Error ? current.cause : undefined;
  }
}

function oneLine(value: unknown): string {
  const text = value instanceof Error ? value.message || value.name : String(value);
  return text.replaceAll(/\s+/g, ' ').trim();
}
