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
    const value = await fact();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs / 1000} s for: ${what}`);
    await wait(10);
  }
}
