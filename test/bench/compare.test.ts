import { expect, it } from 'vitest';

import { compareWithRecorded } from './compare.ts';

const ratio = (value: number) => ({ name: 'a ratio', value, unit: 'times' }) as const;

it.each([
  { what: 'the recorded value', measured: [ratio(1)], isKept: true },
  { what: 'noise above it', measured: [ratio(1.3)], isKept: true },
  { what: 'more than noise', measured: [ratio(1.4)], isKept: false },
  { what: 'no measurement', measured: [], isKept: false },
])('judges $what', ({ measured, isKept }) => {
  expect(compareWithRecorded(measured, [{ name: 'a ratio', value: 1 }]).isKept).toBe(isKept);
});

it('allows nothing where nothing is recorded', () => {
  const comparison = compareWithRecorded([ratio(1)], [{ name: 'a ratio', value: 0 }]);
  expect(comparison).toEqual({ isKept: false, text: 'a ratio: 1, recorded 0, WORSE' });
});
