// Lets other tasks run during long work. To await is not enough: what is in memory already is given without a turn.

import { setImmediate as turn } from 'node:timers/promises';

const TURN_MS = 10;

export class Turns {
  #since = performance.now();

  /** A turn for others when this work has run for a while. */
  async give(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await turn();
    this.#since = performance.now();
  }
}
