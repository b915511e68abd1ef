// Turns an error response of an API server into a KubeError.

import type { KubeErrorCode } from '../lib/error-codes.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { member, textAt } from '../lib/json-value.ts';
import { lookup } from '../lib/lookup.ts';
import { KubeError, type FieldConflict } from './kube-error.ts';

/** Longer messages are cut: some list every field of an object. */
const MAX_MESSAGE = 1024;

export interface ErrorResponse {
  readonly status: number;
  /** The body; a Status object as JSON when the API server itself answered. */
  readonly text: string;
  readonly retryAfterMs?: number | undefined;
}

/**
 * What an error response means. `doing` is what was tried, e.g. `apply ConfigMap default/a`.
 * With `secret`, only the reason and the names of the fields are kept: validation messages repeat the values they refuse.
 */
export function readErrorResponse(response: ErrorResponse, doing: string, secret: boolean): KubeError {
  const status = parseStatus(response.text);
  const code = codeFor(response.status, status ?? {});
  const message = secret && MAY_QUOTE.has(code) ? withoutValues(status) : messageFor(code, status);
  return new KubeError(code, cut(`${doing}: ${message} (HTTP ${response.status})`), {
    status: response.status,
    reason: status?.reason,
    retryAfterMs: response.retryAfterMs ?? secondsToMs(status?.retryAfterSeconds),
    conflicts: conflictsOf(status),
  });
}

/** The parts of a Status object (meta/v1) that are used; each is absent when it has another type. */
interface Status {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly causes: readonly unknown[];
}

function parseStatus(text: string): Status | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // A proxy or an aggregator answered, not the API server.
  }
  if (textAt(value, ['kind']) !== 'Status') return undefined;
  const details = member(value, 'details');
  const [seconds, causes] = [member(details, 'retryAfterSeconds'), member(details, 'causes')];
  return {
    reason: textAt(value, ['reason']),
    message: textAt(value, ['message']),
    retryAfterSeconds: typeof seconds === 'number' ? seconds : undefined,
    causes: Array.isArray(causes) ? causes : [],
  };
}

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  400: 'INVALID',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  410: 'GONE',
  413: 'TOO_LARGE',
  422: 'INVALID',
  429: 'TOO_MANY_REQUESTS',
  504: 'TIMEOUT',
};

/** Reasons that say more than the number. */
const REASONS: Readonly<Record<string, KubeErrorCode>> = { AlreadyExists: 'ALREADY_EXISTS', Expired: 'GONE' };

/** Codes whose messages may repeat what was sent. */
const MAY_QUOTE: ReadonlySet<KubeErrorCode> = new Set(['INVALID', 'SERVER', 'TIMEOUT', 'TOO_LARGE', 'UNEXPECTED']);

/** What a server says about a group it serves and a resource it doesn't. */
const PATH_NOT_FOUND = /could not find the requested resource/;

/** Kubernetes 1.36 answers 500 without a reason when an applied object doesn't fit its schema. */
const APPLY_REFUSED = /^failed to (create typed patch object|convert new object|create typed new object)/;

function codeFor(http: number, { reason = '', message = '' }: Partial<Status>): KubeErrorCode {
  if (http === 500 && APPLY_REFUSED.test(message)) return 'INVALID';
  if (http === 404) return isObjectAbsent(reason, message) ? 'NOT_FOUND' : 'NOT_SERVED';
  return lookup(REASONS, reason) ?? CODES[http] ?? (http >= 500 ? 'SERVER' : 'UNEXPECTED');
}

/** Only a Status object proves that; a bare 404 means that the path is not served. */
function isObjectAbsent(reason: string, message: string): boolean {
  return reason === 'NotFound' && !PATH_NOT_FOUND.test(message);
}

function messageFor(code: KubeErrorCode, status: Status | undefined): string {
  if (code === 'NOT_SERVED') return 'the server does not serve this kind; install its CustomResourceDefinition';
  // Text that is not a Status comes from another program and may contain anything, so it is not shown.
  return status?.message ?? status?.reason ?? 'the answer is not a Status object; check whether a proxy answers';
}

function withoutValues(status: Status | undefined): string {
  const fields = (status?.causes ?? [])
    .flatMap((cause) => textAt(cause, ['field']) ?? [])
    .filter((field) => field !== '');
  return `${status?.reason ?? 'refused'}${fields.length === 0 ? '' : `: ${fields.join(', ')}`}; values are not shown`;
}

function conflictsOf(status: Status | undefined): readonly FieldConflict[] {
  return (status?.causes ?? [])
    .filter((cause) => textAt(cause, ['reason']) === 'FieldManagerConflict')
    .map((cause) => ({
      field: textAt(cause, ['field']) ?? '',
      manager: /conflict with "([^"]+)"/.exec(textAt(cause, ['message']) ?? '')?.[1] ?? '',
    }));
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000;
}

function cut(text: string): string {
  return cleanLine(text.slice(0, 8 * MAX_MESSAGE), MAX_MESSAGE);
}
