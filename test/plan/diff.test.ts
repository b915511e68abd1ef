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
  { because: 'null is a value', from: { a: null }, to: {}, paths: ['spec.a'] },
  { because: 'the order is that of the paths', from: {}, to: { b: 1, a: 1 }, paths: ['spec.a', 'spec.b'] },
];
it.each(rows)('$because', ({ from, to, paths }) => {
  expect(toChanges(diff(from, to), ['spec']).map(({ path }) => path)).toEqual(paths);
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
