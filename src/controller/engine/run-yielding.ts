// Runs long computations in short turns, so that timers, watches and the renewal of the lease are not delayed.

import { setImmediate as turn } from 'node:timers/promises';

/** Items between two turns: a few milliseconds of work. */
const ITEMS = 16;

/** How long a generator runs before other tasks get a turn. */
const TURN_MS = 10;

/** Runs a generator to its end and gives other tasks a turn at its pauses. Throws what the generator throws. */
export async function runYielding<T>(work: Generator<void, T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < TURN_MS) continue;
    await turn();
    since = performance.now();
  }
}

/**
 * For loops that wait: what they wait for may be there already, and then they give no turn. Gives one when it is time for it.
 */
export function createPauses(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await turn();
    since = performance.now();
  };
}

/** Does `work` for each item, in order. */
export async function eachYielding<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    work(item);
    if (index % ITEMS === ITEMS - 1) await turn();
  }
}
