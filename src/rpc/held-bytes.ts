// Bounds the memory that the replies of all nodes take together. A reply never waits for room, because slow nodes would then
// keep the others from being observed: the node whose replies take most is given up instead.

export interface Share {
  /** May be negative. Gives up the largest share when all together exceed the limit. */
  add(bytes: number): void;
  /** Everything it took is free again. */
  close(): void;
}

export class HeldBytes {
  readonly #limit: number;
  readonly #taken = new Map<() => void, number>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `giveUp` is called at most once, and must forget what was held. */
  open(giveUp: () => void): Share {
    this.#taken.set(giveUp, 0);
    return {
      add: (bytes) => {
        const taken = this.#taken.get(giveUp);
        if (taken === undefined) return;
        this.#taken.set(giveUp, taken + bytes);
        this.#total += bytes;
        while (this.#total > this.#limit) this.#giveUpLargest();
      },
      close: () => this.#close(giveUp),
    };
  }

  #giveUpLargest(): void {
    const [largest] = [...this.#taken].reduce((most, each) => (each[1] > most[1] ? each : most));
    this.#close(largest);
    largest();
  }

  #close(giveUp: () => void): void {
    this.#total -= this.#taken.get(giveUp) ?? 0;
    this.#taken.delete(giveUp);
  }
}
