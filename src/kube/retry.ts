// Whether a failed request may be sent again, and when.

import { hasSystemCode } from '../lib/errors.ts';
import { retryDelay } from '../lib/retry-delay.ts';
import { KubeError } from './kube-error.ts';

const MAX_ATTEMPTS = 5;
const BACKOFF = { baseMs: 200, maxMs: 5000 };

/** A longer Retry-After is the caller's to wait for: it comes with the error. */
const MAX_RETRY_AFTER_MS = 15_000;

/** The request never left: nothing listened there, or the name has no address. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'] as const;

/** Milliseconds to wait before attempt number `attempt + 1`, or undefined when the error is final. */
export function retryWait(error: unknown, idempotent: boolean, attempt: number): number | undefined {
  if (!(error instanceof KubeError) || attempt >= MAX_ATTEMPTS || !mayRepeat(error, idempotent, attempt))
    return undefined;
  const retryAfterMs = error.retryAfterMs ?? 0;
  if (retryAfterMs > MAX_RETRY_AFTER_MS) return undefined;
  return retryDelay(BACKOFF, { failures: attempt, random: Math.random(), retryAfterMs });
}

/** Milliseconds of a Retry-After header (seconds or an HTTP date, RFC 9110 §10.2.3), undefined when it says nothing. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function mayRepeat(error: KubeError, idempotent: boolean, attempt: number): boolean {
  switch (error.code) {
    case 'TOO_MANY_REQUESTS':
      // Refused before anything was changed, for any verb.
      return true;
    case 'UNAUTHORIZED':
      // Once: a token may just have been rotated.
      return attempt === 1;
    case 'SERVER':
      return idempotent || (error.status === 503 && error.retryAfterMs !== undefined);
    case 'NETWORK':
      return idempotent || hasSystemCode(error.cause, ...NEVER_SENT);
    case 'TIMEOUT':
      // Our own limit has already been waited for; only the server's quick 504 is worth another try.
      return idempotent && error.status !== undefined;
    default:
      return false;
  }
}
