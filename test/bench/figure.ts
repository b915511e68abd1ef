// One measured figure, its limit, and how samples become one.

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'MB' | 'bytes' | 'times' | 'requests' | 'commits' | '% of a core';
  /** Lower is better; absent: reported without a promise. */
  readonly limit?: number;
}

/** The middle sample; the mean of both middles when their number is even. Throws when there is none. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error('there are no samples');
  return (upper + lower) / 2;
}

/** Whether the figure keeps its promise; one without a promise does. */
export function isKept({ value, limit }: Figure): boolean {
  return limit === undefined || value <= limit;
}

/** A value as people read it: three digits that matter, whole numbers whole. */
export function roundValue(value: number): number {
  if (Number.isInteger(value) || value >= 100) return Math.round(value);
  return Number(value.toPrecision(3));
}
