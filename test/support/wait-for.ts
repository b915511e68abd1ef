// Waits for a fact instead of for a time.

import { setTimeout as wait } from 'node:timers/promises';

/** Resolves with the first value that is neither undefined nor false; throws after `timeoutMs`, naming what was awaited. */
export async function waitFor<T>(
  what: string,
  fact: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const asked = performance.now();
    const value = await fact();
    if (value !== undefined && value !== false) return value;
    const now = performance.now();
    if (now > until) throw new Error(`waited ${timeoutMs / 1000} s for: ${what}`);
    // A look may call git and hold up everything in this process, a controller too: two thirds of the time are not ours.
    await wait(Math.max(10, 2 * (now - asked)));
  }
}
