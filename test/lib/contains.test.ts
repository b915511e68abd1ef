import { describe, expect, it } from 'vitest';

import { contains } from '../../src/lib/contains.ts';

describe('contains', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: { b: [1, { c: 2, d: 3 }] } }, { a: { b: [1, { c: 2 }] } }],
    [{ a: 1 }, { a: 1, b: undefined }],
    [null, null],
  ])('%j holds %j', (value, part) => expect(contains(value, part)).toBe(true));

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: '1' }],
    [{}, { a: null }],
    [{ a: [1, 2] }, { a: [1] }],
    [{ a: [2, 1] }, { a: [1, 2] }],
    [{ a: { 0: 1 } }, { a: [1] }],
    [{}, { toString: {} }],
    [undefined, {}],
  ])('%j does not hold %j', (value, part) => expect(contains(value, part)).toBe(false));
});
