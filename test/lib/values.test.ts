// Quantities, durations, digests, patches, delays: the small things everything rests on.

import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { assertNever } from '../../src/lib/assert-never.ts';
import { parseDuration } from '../../src/lib/duration.ts';
import { CodedError, codeOf, describeError, systemCodeOf } from '../../src/lib/errors.ts';
import { digestOf, sha256 } from '../../src/lib/hash.ts';
import { applyPatch, type PatchOperation } from '../../src/lib/json-patch.ts';
import { createPatchBudget } from '../../src/lib/patch-budget.ts';
import { formatBytes, parseQuantity, sameQuantity } from '../../src/lib/quantity.ts';
import { retryDelay } from '../../src/lib/retry-delay.ts';
import { sameJson, stableJson } from '../../src/lib/stable-json.ts';

it.each([
  ['500m', 0.5], ['4', 4], ['1.5Gi', 1.5 * 2 ** 30], ['1e3', 1000], ['1E2', 100], ['2E', 2e18], ['1k', 1000], ['0', 0],
  ['1e309', undefined], ['-5Gi', undefined], ['5 Gi', undefined], ['5GB', undefined], ['', undefined], ['Gi', undefined], ['1e', undefined],
] as const)('the quantity %s is %s', (text, value) => expect(parseQuantity(text)).toBe(value)); // prettier-ignore

it('quantities are compared by value, other texts as they are', () => {
  expect([
    sameQuantity('1000m', '1'),
    sameQuantity('1Gi', '1024Mi'),
    sameQuantity('1G', '1Gi'),
    sameQuantity('a', 'a'),
  ]).toEqual([true, true, false, true]);
  expect([formatBytes(0), formatBytes(1536), formatBytes(3 * 2 ** 40)]).toEqual(['0 B', '1.5 KiB', '3 TiB']);
});

it.each([
  ['500ms', 500], ['1h30m', 5_400_000], ['2d', 172_800_000],
  ['-1s', undefined], ['1y', undefined], ['1h1', undefined], ['', undefined], ['9999d', undefined], ['1.5h', undefined],
] as const)('the duration %s is %s ms', (text, ms) => expect(parseDuration(text)).toBe(ms)); // prettier-ignore

describe('stable JSON', () => {
  it('does not depend on key order or undefined members', () => {
    fc.assert(fc.property(fc.object(), (value) => {
      const turned = Object.fromEntries([...Object.entries(value), ['zz', undefined]].toReversed());
      expect(stableJson(turned)).toBe(stableJson(value));
      expect(sameJson(turned, value)).toBe(true);
      expect(digestOf(turned)).toBe(digestOf(value));
    })); // prettier-ignore
  });
  it('digests as everybody does', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('applyPatch', () => {
  const rows = [
    {
      because: 'all or nothing',
      operations: [
        { op: 'add', path: '/b', value: 1 },
        { op: 'remove', path: '/x' },
      ],
      is: { ok: false, index: 1, message: '/x does not exist' },
    },
    {
      because: 'a failed test says where',
      operations: [{ op: 'test', path: '/a', value: 2 }],
      is: { ok: false, index: 0, message: 'test of /a failed: the value there is different' },
    },
    {
      because: 'no prototype, escaped or not',
      operations: [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }],
      is: { ok: false, index: 0, message: 'path /constructor/prototype/polluted is not allowed' },
    },
    {
      because: 'no prototype as a source',
      operations: [{ op: 'copy', from: '/__proto__', path: '/b' }],
      is: { ok: false, index: 0, message: 'path /__proto__ is not allowed' },
    },
    {
      because: 'copies of the root into itself double it, and come to an end',
      operations: Array.from({ length: 64 }, (_, index) => ({ op: 'copy' as const, from: '', path: `/c${index}` })),
      is: { ok: false, index: expect.any(Number), message: 'the operations write too much; shorten the patch' },
    },
    {
      because: 'nothing moves into itself',
      operations: [{ op: 'move', from: '', path: '/b' }],
      is: { ok: false, index: 0, message: expect.any(String) },
    },
    {
      because: 'a copy names its source',
      operations: [JSON.parse('{"op":"copy","path":"/b"}') as PatchOperation],
      is: { ok: false, index: 0, message: 'copy /b needs from, the path to read from' },
    },
    {
      because: 'a source is a text',
      operations: [JSON.parse('{"op":"move","path":"/b","from":7}') as PatchOperation],
      is: { ok: false, index: 0, message: 'move /b needs from, the path to read from' },
    },
    { because: 'a move', operations: [{ op: 'move', from: '/a', path: '/b' }], is: { ok: true, value: { b: 1 } } },
  ] as const;
  it.each(rows)('$because', ({ operations, is }) => {
    const document = { a: 1 };
    expect(applyPatch(document, operations)).toEqual(is);
    expect(document).toEqual({ a: 1 });
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('the budget of a patch', () => {
  const copies = (count: number): PatchOperation[] =>
    Array.from({ length: count }, (_, index) => ({ op: 'copy', from: '/a', path: `/c${index}` }));

  it('ends a file of 25,000 copies before the first one is applied', () => {
    const result = applyPatch({ a: 'x'.repeat(30) }, copies(25_000));
    expect(result).toEqual({
      ok: false,
      index: 10_000,
      message: 'there are too many operations; split or shorten the patch',
    });
  });

  it('is linear in what the operations write', () => {
    const stringified = vi.spyOn(JSON, 'stringify');
    const result = applyPatch({ a: 'x'.repeat(30) }, copies(9000));
    expect(result.ok).toBe(true);
    const characters = stringified.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
    stringified.mockRestore();
    expect(characters).toBeLessThan(1024 * 1024);
  });

  it('can be shared by many applications', () => {
    const budget = createPatchBudget({ operations: 5, bytes: 1000 });
    expect([1, 2, 3].map(() => applyPatch({ a: 1 }, copies(2), budget).ok)).toEqual([true, true, false]);
    const bytes = createPatchBudget({ operations: 100, bytes: 100 });
    expect([1, 2].map(() => applyPatch({ a: 'x'.repeat(60) }, copies(1), bytes).ok)).toEqual([true, false]);
  });
});

describe('errors', () => {
  it('are described with their causes, each once, on one line', () => {
    const cause = Object.assign(new Error('connect\nrefused'), { code: 'ECONNREFUSED' });
    const error = new CodedError('NETWORK_FAILED', 'fetch failed', { cause });
    expect([describeError(error), codeOf(error), systemCodeOf(new Error('x', { cause }))]).toEqual([
      'fetch failed: connect refused',
      'NETWORK_FAILED',
      'ECONNREFUSED',
    ]);
    expect([describeError('text'), describeError(undefined), codeOf('text')]).toEqual(['text', '', undefined]);
  });
  it('an unhandled case is loud', () => {
    expect(() => assertNever('new' as never)).toThrow('unhandled case: "new"');
  });
});

it.each([
  { because: 'the first is between half and whole', attempt: 1, random: 0, retryAfter: 0, is: 500 },
  { because: 'it doubles', attempt: 3, random: 0.999_999, retryAfter: 0, is: 4000 },
  { because: 'it has an end', attempt: 1000, random: 0.999_999, retryAfter: 0, is: 60_000 },
  { because: 'a server that asks for longer is obeyed', attempt: 1, random: 0, retryAfter: 90_000, is: 90_000 },
])('a retry: $because', ({ attempt, random, retryAfter, is }) => {
  expect(retryDelay({ baseMs: 1000, maxMs: 60_000 }, { failures: attempt, random, retryAfterMs: retryAfter })).toBe(is);
});
