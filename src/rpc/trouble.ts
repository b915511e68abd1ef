// Turns whatever went wrong while asking into a reply with a reason.

import type { Reply } from '../chains/chain.ts';
import { codeOf, describeError } from '../lib/errors.ts';
import { redact } from '../lib/redact.ts';

/** A reply that says why there is none. */
export type Trouble = Exclude<Reply, { readonly ok: true }>;

export class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the reply is larger than ${maxBytes} bytes`);
    this.name = 'TooLarge';
  }
}

const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL']);
const TIMEOUT = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** The reply that stands for an error; messages are redacted, for they end in a status. */
export function describeTrouble(
  error: unknown,
  why: { readonly timedOut: boolean; readonly cancelled: boolean },
): Trouble {
  const code = codeOf(error) ?? '';
  if (error instanceof TooLarge) return { ok: false, reason: 'tooLarge', message: error.message };
  if (REFUSED.has(code)) return { ok: false, reason: 'refused', message: `nothing listens there (${code})` };
  if (why.cancelled) return failed('cancelled');
  if (why.timedOut || TIMEOUT.has(code)) return { ok: false, reason: 'timeout', message: 'no complete reply in time' };
  return failed(redact(describeError(error)).slice(0, 300));
}

/** A reply that says that asking failed. */
export function failed(message: string): Trouble {
  return { ok: false, reason: 'failed', message };
}
