// Does long work in short steps, so that timers, watches and the lease's renewal get their turn in between.

import { setImmediate as turn } from 'node:timers/promises';

/** Items done before others get a turn; a few milliseconds' work. */
const STEP = 16;

/** How long work that stops by itself may go on before others get a turn. */
const TURN_MS = 10;

/** Runs work that stops now and then to its end. Throws what it throws. */
export async function toTheEnd<T>(work: Generator<void, T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < TURN_MS) continue;
    await turn();
    since = performance.now();
  }
}

/** Does `work` for each item, in order. */
export async function inSteps<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    work(item);
    if (index % STEP === STEP - 1) await turn();
  }
}
