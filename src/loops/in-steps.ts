// Does long work in short steps, so that timers, watches and the lease's renewal get their turn in between.

import { setImmediate as turn } from 'node:timers/promises';

/** Items done before others get a turn; a few milliseconds' work. */
const STEP = 16;

/** Does `work` for each item, in order. */
export async function inSteps<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    work(item);
    if (index % STEP === STEP - 1) await turn();
  }
}
