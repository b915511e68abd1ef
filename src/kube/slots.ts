// Lets only so many requests be under way at once; the others wait in line.

export interface Slots {
  /** Runs `work` when a slot is free. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** `count` slots, first come first served. */
export function makeSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  async function use<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  }
  return { use };
}
