// Runs short work one after the other, and leaves at least half of the processor to the rest of the process.

import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of work before other code of the process runs. One piece of work may take longer, and is not interrupted. */
const TURN_MS = 10;

export class Turns {
  #waiting: (() => void)[] = [];
  #isRunning = false;

  /** In the order of the calls. */
  async run<Result>(work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
    if (!this.#isRunning) void this.#takeTurns();
    return await promise;
  }

  async #takeTurns(): Promise<void> {
    this.#isRunning = true;
    do {
      const begun = performance.now();
      const count = this.#waiting.findIndex((work) => {
        work();
        return performance.now() - begun >= TURN_MS;
      });
      this.#waiting = count === -1 ? [] : this.#waiting.slice(count + 1);
      // Also after the last: replies that arrive together would otherwise each begin a turn of their own.
      await sleep(performance.now() - begun);
    } while (this.#waiting.length > 0);
    this.#isRunning = false;
  }
}
