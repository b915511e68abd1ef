// Which of many dated things are kept: the newest, and the newest of each day and week.

export interface KeepRule {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
}

interface Dated {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `newestFirst`: sorted. Days and weeks are UTC, weeks begin on Monday. The newest of all is always kept. */
export function keepNewest<T extends Dated>(newestFirst: readonly T[], keep: KeepRule): ReadonlySet<T> {
  return new Set([
    ...newestFirst.slice(0, Math.max(1, keep.last)),
    ...newestOfEach(newestFirst, dayOf, keep.daily),
    ...newestOfEach(newestFirst, weekOf, keep.weekly),
  ]);
}

function newestOfEach<T extends Dated>(sorted: readonly T[], bucketOf: (at: number) => number, count: number): T[] {
  const buckets = new Map<number, T>();
  for (const one of sorted) {
    const bucket = bucketOf(one.at);
    if (!buckets.has(bucket)) buckets.set(bucket, one);
  }
  return [...buckets.values()].slice(0, count);
}

const DAY = 86_400_000;

function dayOf(at: number): number {
  return Math.floor(at / DAY);
}

/** 1970-01-01 was a Thursday. */
function weekOf(at: number): number {
  return Math.floor((dayOf(at) + 3) / 7);
}
