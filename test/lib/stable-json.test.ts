// Canonical JSON, and the comparison that takes a short way to the same answer.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { sameJson, stableJson } from '../../src/lib/stable-json.ts';

/** Few different values, so that equal ones meet; also what JSON does not know, and names that objects inherit. */
const leaf = fc.constantFrom(undefined, null, 0, -0, 1, NaN, '', 'a', true);
const key = fc.constantFrom('a', 'b', 'length', '__proto__', 'constructor');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 3 })
    .map((members) => Object.defineProperties({}, Object.fromEntries(members.map(([k, v]) => [k, own(v)])))),
}));

function own(member: unknown): PropertyDescriptor {
  return { value: member, enumerable: true, writable: true, configurable: true };
}

it('sameJson says what the canonical texts say', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameJson(a, b)).toBe(stableJson(a) === stableJson(b));
      expect(sameJson(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

it.each([
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { b: undefined, a: 1 }, true],
  [{ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }, true],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [['a'], { 0: 'a', length: 1 }, false],
  [{ a: null }, {}, false],
  [undefined, null, true],
])('%j and %j: %s', (a, b, same) => {
  expect(sameJson(a, b)).toBe(same);
});
