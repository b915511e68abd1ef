// Flags become arguments; values are checked against their type.

import { describe, expect, it } from 'vitest';

import { given, toArguments } from '../../src/chains/flags.ts';
import { mismatch } from '../../src/chains/value-type.ts';

describe('toArguments', () => {
  it('writes values and bare flags, and lets the last layer win in the first place', () => {
    expect(toArguments('--', { port: '1', metrics: '' }, { cache: '2' }, { port: '3' })).toEqual([
      '--port=3',
      '--metrics',
      '--cache=2',
    ]);
  });

  it('leaves out what does not apply', () => {
    expect(toArguments('-', given(false, { a: '1' }), given(true, { b: '2' }))).toEqual(['-b=2']);
  });
});

describe('mismatch', () => {
  const rows = [
    { because: 'whole numbers', type: 'integer', good: ['0', '-5', '123456'], bad: ['', '1.5', '1e3', ' 1', '0x1'] },
    { because: 'truth', type: 'boolean', good: ['', 'true', 'false'], bad: ['1', 'yes', 'True'] },
    { because: 'durations', type: 'duration', good: ['500ms', '1h30m', '1.5s'], bad: ['', '5', '5 s', 'h'] },
    { because: 'lists', type: ['a', 'b'], good: ['a'], bad: ['A', '', 'a,b'] },
    { because: 'texts', type: 'text', good: ['', 'anything'], bad: [] },
  ] as const;
  it.each(rows)('$because', ({ type, good, bad }) => {
    for (const value of good) expect(mismatch(value, type)).toBeUndefined();
    for (const value of bad) expect(mismatch(value, type)).toMatch(/\w/);
  });
});
