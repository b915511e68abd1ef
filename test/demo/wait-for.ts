// Waits for a fact, with a deadline, and says what was there instead.

export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  /** Called about once a second with the seconds waited, for progress. */
  readonly onWait?: (seconds: number, last: string) => void;
}

/**
 * Asks until `look` resolves to something other than undefined and false. A look that throws counts as "not yet"; what it said
 * last stands in the error when the deadline passes.
 */
export async function waitFor<T>(options: WaitOptions, look: () => Promise<T | undefined | false>): Promise<T> {
  const started = performance.now();
  let last = 'nothing yet';
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error instanceof Error ? (error.message.split('\n').slice(0, 3).join(' ') ?? '') : String(error);
    }
    const elapsed = performance.now() - started;
    if (elapsed > options.timeoutMs) {
      throw new Error(`waited ${Math.round(elapsed / 1000)} s for ${options.what}; last seen: ${last}`);
    }
    options.onWait?.(Math.round(elapsed / 1000), last);
    await pause(options.everyMs ?? 200);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => void setTimeout(resolve, ms));
}
