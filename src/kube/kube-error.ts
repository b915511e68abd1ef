// What can go wrong when talking to an API server, with a code that callers compare.

import type { KubeErrorCode } from '../lib/error-codes.ts';
import { CodedError } from '../lib/errors.ts';

/** Another manager that owns a field of an apply. */
export interface FieldConflict {
  /** `.spec.replicas` */
  readonly field: string;
  /** Empty when the server did not say. */
  readonly manager: string;
}

export interface KubeErrorFacts {
  readonly status?: number | undefined;
  /** The reason of the server's Status object: `NotFound`, `AlreadyExists`, … */
  readonly reason?: string | undefined;
  /** How long the server asked us to wait. */
  readonly retryAfterMs?: number | undefined;
  readonly conflicts?: readonly FieldConflict[] | undefined;
  readonly cause?: unknown;
}

/** Its message is short, one line, and never holds a request body or data of a Secret. */
export class KubeError extends CodedError {
  declare readonly code: KubeErrorCode;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly conflicts: readonly FieldConflict[];

  constructor(code: KubeErrorCode, message: string, facts: KubeErrorFacts = {}) {
    super(code, message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
    this.conflicts = facts.conflicts ?? [];
  }
}

/** Whether `error` is a KubeError with one of these codes. */
export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && codes.includes(error.code);
}

/**
 * Nothing can be created in this namespace any more: what was refused may have been for another one. The words are those of the
 * admission plugin NamespaceLifecycle.
 */
export function isNamespaceGoing(error: unknown, namespace: string): boolean {
  const words = `in namespace ${namespace} because it is being terminated`;
  return isKubeError(error, 'FORBIDDEN') && error.message.includes(words);
}
