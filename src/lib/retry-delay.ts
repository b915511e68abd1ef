// The delay before a retry.

export interface Backoff {
  /** Delay after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Exponential backoff with "equal jitter": half of the delay is fixed, half is random, so that many waiters spread out
 * and none retries at once. `attempt` counts failures from 1; `random` is in [0, 1).
 * A server's Retry-After wins when it is longer.
 */
export function retryDelay(attempt: number, limits: Backoff, random: number, retryAfterMs = 0): number {
  const full = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
  return Math.max(retryAfterMs, Math.round(full / 2 + (full / 2) * random));
}
