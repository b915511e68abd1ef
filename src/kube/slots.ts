// Lets only so many requests be under way at once; the others wait in line.

export interface Slots {
  /** Runs `work` when a slot is free; `first` goes before everything that is not. */
  use<T>(work: () => Promise<T>, first?: boolean): Promise<T>;
}

/** `count` slots, first come first served among equals. */
export function makeSlots(count: number): Slots {
  let free = count;
  const urgent: (() => void)[] = [];
  const waiting: (() => void)[] = [];

  async function use<T>(work: () => Promise<T>, first = false): Promise<T> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => (first ? urgent : waiting).push(resolve));
    try {
      return await work();
    } finally {
      const next = urgent.shift() ?? waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  }
  return { use };
}
