// The delay before a retry.

export interface Backoff {
  /** Delay after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

interface Failed {
  /** How often in a row, from 1. */
  readonly failures: number;
  /** In [0, 1). */
  readonly random: number;
  /** What the server asked for; it wins when it is longer. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Exponential backoff with "equal jitter": half of the delay is fixed, half is random, so that many waiters spread out
 * and none retries at once.
 */
export function retryDelay({ baseMs, maxMs }: Backoff, { failures, random, retryAfterMs = 0 }: Failed): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.max(retryAfterMs, Math.round(full / 2 + (full / 2) * random));
}
