// Waits with deadlines: a measurement ends late or fails, it never hangs.

import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until `look` gives something else than undefined or false. Throws after `timeoutMs`, naming what was awaited. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await sleep(100);
  }
}

/** Resolves with what `work` does, rejects after `timeoutMs`. */
export async function within<T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const deadline = sleep(timeoutMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} took longer than ${timeoutMs / 1000} s`);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
    deadline.catch(() => undefined);
  }
}
