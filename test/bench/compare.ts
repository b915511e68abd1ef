// Compares what a quick run measured with the last recorded figures: the guard against slow regressions.

import { readFileSync } from 'node:fs';

import { type Figure, roundValue } from './figure.ts';

/** These machines are noisy: a ratio counts as worse from here on. */
const NOISE = 1.35;

interface Recorded {
  readonly name: string;
  readonly value: number;
}

export interface Comparison {
  readonly isKept: boolean;
  /** One line a figure. */
  readonly text: string;
}

/** Figures without a recorded value are left out: only ratios and counts are recorded, because times differ by machine. */
export function compareWithRecorded(figures: readonly Figure[], recorded = readRecorded()): Comparison {
  const lines = recorded.map(({ name, value }) => {
    const now = figures.find((figure) => figure.name === name)?.value;
    if (now === undefined) return { isKept: false, text: `${name}: not measured; recorded ${value}` };
    const isKept = now <= value * NOISE;
    return { isKept, text: `${name}: ${roundValue(now)}, recorded ${value}${isKept ? '' : ', WORSE'}` };
  });
  return { isKept: lines.every(({ isKept }) => isKept), text: lines.map(({ text }) => text).join('\n') };
}

function readRecorded(): readonly Recorded[] {
  // The edge: the file is part of this repository.
  return JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as readonly Recorded[];
}
