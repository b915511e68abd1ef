// Converts an error of a query into a reply with a reason.

import type { Reply } from '../chains/observed.ts';
import { describeError, hasSystemCode, systemCodeOf } from '../lib/errors.ts';
import { redact } from '../lib/redact.ts';

/** A reply with the reason of the failure. */
export type Trouble = Exclude<Reply, { readonly ok: true }>;

/** A reply beyond one of the limits. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

const REFUSED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'] as const;
const TIMEOUT = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'] as const;

/** The reply for an error. Its message is redacted, because it is written to a status. */
export function describeTrouble(
  error: unknown,
  why: { readonly timedOut: boolean; readonly cancelled: boolean },
): Trouble {
  if (error instanceof TooLarge) return { ok: false, reason: 'tooLarge', message: error.message };
  if (hasSystemCode(error, ...REFUSED)) {
    return { ok: false, reason: 'refused', message: `nothing listens there (${systemCodeOf(error)})` };
  }
  if (why.cancelled) return failed('cancelled');
  if (why.timedOut || hasSystemCode(error, ...TIMEOUT))
    return { ok: false, reason: 'timeout', message: 'no complete reply in time' };
  return failed(redact(describeError(error)).slice(0, 300));
}

/** The reply for a failed query. */
export function failed(message: string): Trouble {
  return { ok: false, reason: 'failed', message };
}
