// Differences are complete: applying them gives the other value.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { applyPatch } from '../../src/lib/json-patch.ts';
import { diff, toChanges, toPatch } from '../../src/plan/diff.ts';

const rows = [
  {
    because: 'equal values do not differ, in any key order',
    from: { a: 1, b: [1, { c: null }] },
    to: { b: [1, { c: null }], a: 1 },
    paths: [],
  },
  {
    because: 'only the differing leaf is listed',
    from: { a: { b: 1, c: 2 } },
    to: { a: { b: 1, c: 3 } },
    paths: ['spec.a.c'],
  },
  { because: 'absent and undefined are the same', from: { a: undefined }, to: {}, paths: [] },
  { because: 'a list of another length is one change', from: { a: [1, 2] }, to: { a: [0, 1, 2] }, paths: ['spec.a'] },
  {
    because: 'in lists of equal length only the item is listed',
    from: { a: [1, { b: 2 }] },
    to: { a: [1, { b: 3 }] },
    paths: ['spec.a[1].b'],
  },
  { because: 'an object does not equal a list', from: { a: {} }, to: { a: [] }, paths: ['spec.a'] },
  { because: 'two empty lists are the same', from: { a: [] }, to: { a: [] }, paths: [] },
  { because: 'a list that was empty', from: { a: [] }, to: { a: [1] }, paths: ['spec.a'] },
  { because: 'a list that is empty now', from: { a: [1] }, to: { a: [] }, paths: ['spec.a'] },
  { because: 'null is a value', from: { a: null }, to: {}, paths: ['spec.a'] },
  { because: 'the order is that of the paths', from: {}, to: { b: 1, a: 1 }, paths: ['spec.a', 'spec.b'] },
];
it.each(rows)('$because', ({ from, to, paths }) => {
  expect(toChanges(diff(from, to), ['spec']).map(({ path }) => path)).toEqual(paths);
});

it('a patch adds what is absent, replaces what is there, and removes what is gone', () => {
  expect(toPatch(diff({ b: 1, c: 2 }, { a: 1, b: 2 }))).toEqual([
    { op: 'add', path: '/a', value: 1 },
    { op: 'replace', path: '/b', value: 2 },
    { op: 'remove', path: '/c' },
  ]);
});

it('the patch of a difference leads from one value to the other, and back', () => {
  const value = fc.object({
    key: fc.constantFrom('a', 'b', 'a/b', '~', '', '0'),
    values: [fc.integer(), fc.string(), fc.constant(null)],
    maxDepth: 3,
  });
  fc.assert(
    fc.property(value, value, (from, to) => {
      expect(applyPatch(from, toPatch(diff(from, to)))).toEqual({ ok: true, value: to });
      expect(applyPatch(to, toPatch(diff(to, from)))).toEqual({ ok: true, value: from });
      expect(diff(from, from)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
