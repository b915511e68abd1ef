// What can go wrong when talking to an API server, with a code that callers compare.

import { CodedError } from '../lib/errors.ts';

export type KubeErrorCode =
  /** The object (or its namespace) does not exist. */
  | 'NOT_FOUND'
  /** The kind itself is not served, for example because its CustomResourceDefinition is missing. */
  | 'NOT_SERVED'
  /** The object changed in between, or other field managers own fields of the apply (see `conflicts`). */
  | 'CONFLICT'
  | 'ALREADY_EXISTS'
  | 'FORBIDDEN'
  | 'UNAUTHORIZED'
  /** The object or request is wrong (400, 422): trying again changes nothing. */
  | 'INVALID'
  /** A resource version or page token is too old (410): list again. */
  | 'GONE'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_LARGE'
  | 'TIMEOUT'
  /** No answer: refused, reset, TLS trouble, no route. */
  | 'NETWORK'
  /** The server failed (5xx). */
  | 'SERVER'
  /** The kubeconfig is unusable, or a kind is not in kinds.ts. */
  | 'CONFIG'
  /** The caller's signal aborted, or the cluster was closed. */
  | 'ABORTED'
  | 'UNEXPECTED';

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
