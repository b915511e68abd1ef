// A memo of texts: calls once, forgets in time, and keeps nothing that it was not meant to keep.

import { expect, it } from 'vitest';

import { rememberTexts } from '../../src/lib/text-memo.ts';

function counting(count: number, isKept?: (made: string, text: string) => boolean) {
  const calls: string[] = [];
  const make = (text: string): string => {
    calls.push(text);
    return text.replace('secret', '[redacted]');
  };
  return { calls, ask: rememberTexts(make, { count, ...(isKept && { isKept }) }) };
}

it('makes the result of a text once', () => {
  const { calls, ask } = counting(10);
  expect([ask('a'), ask('a secret'), ask('a'), ask('a secret')]).toEqual(['a', 'a [redacted]', 'a', 'a [redacted]']);
  expect(calls).toEqual(['a', 'a secret']);
});

it('forgets what was not asked for among the last ones, and no other', () => {
  const { calls, ask } = counting(2);
  for (const text of ['a', 'b', 'a', 'c', 'd', 'a']) ask(text);
  expect(calls).toEqual(['a', 'b', 'c', 'd']);
  for (const text of ['e', 'f', 'g', 'a']) ask(text);
  expect(calls).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a']);
});

it('remembers no long text', () => {
  const { calls, ask } = counting(10);
  const long = 'x'.repeat(257);
  expect([ask(long), ask(long)]).toEqual([long, long]);
  expect(calls).toHaveLength(2);
});

it('remembers no result that it may not keep', () => {
  const { calls, ask } = counting(10, (made, text) => made === text);
  for (const text of ['a secret', 'a', 'a secret', 'a']) ask(text);
  expect(calls).toEqual(['a secret', 'a', 'a secret']);
});
