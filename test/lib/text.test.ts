// Untrusted text in messages, and the intended name.

import { describe, expect, it } from 'vitest';

import { clip, clipJson } from '../../src/lib/clip.ts';
import { didYouMean, nearest } from '../../src/lib/nearest.ts';
import { toDotted, toPointer } from '../../src/lib/json-pointer.ts';
import { isObject, member, textAt, valueAt } from '../../src/lib/json-value.ts';

describe('clip', () => {
  const rows = [
    { because: 'short text stays', text: 'abc', is: 'abc' },
    { because: 'lines become one', text: 'a\r\n\tb\u2028c', is: 'a b c' },
    { because: 'no terminal escapes', text: '\u001b[31mred', is: 'red' },
    { because: 'a cut is shown', text: 'x'.repeat(11), is: `${'x'.repeat(9)}…` },
    { because: 'megabytes are not even read', text: 'x'.repeat(5_000_000), is: `${'x'.repeat(9)}…` },
  ];
  it.each(rows)('$because', ({ text, is }) => expect(clip(text, 10)).toBe(is));
  it('shows values as JSON, and nothing as nothing', () => {
    expect([clipJson({ a: 1 }), clipJson('x'), clipJson(undefined)]).toEqual(['{"a":1}', '"x"', 'nothing']);
  });

  it('shows as an escape what cannot be seen in a JSON value', () => {
    expect(clipJson('a\u200bb\u00a0c\u202ed')).toBe(String.raw`"a\u200bb\u00a0c\u202ed"`);
  });
});

describe('nearest', () => {
  const fields = ['restartGeneration', 'storage', 'size', 'clients', 'chain'];
  const [word, compound, both] = [['ethereum'], ['imagePullSecrets'], ['mainnet', 'mainstream']];
  const rows = [
    { name: 'restartGenration', is: 'restartGeneration', because: 'a letter is missing' },
    { name: 'restart_generation', is: 'restartGeneration', because: 'separators and case do not count' },
    { name: 'sizze', is: 'size', because: 'a letter too many' },
    { name: 'chian', is: 'chain', because: 'two letters swapped' },
    { name: 'tolerations', is: undefined, because: 'nothing is close' },
    { name: 'x'.repeat(5000), is: undefined, because: 'a long name is not compared' },
    { name: '', is: undefined, because: 'nothing is not like anything' },
  ];
  it.each(rows)('$because', ({ name, is }) => expect(nearest(name, fields)).toBe(is));

  it('takes a name for the beginning of one word alone', () => {
    expect([nearest('eth', word), nearest('et', word), nearest('image', compound), nearest('main', both)]).toEqual([
      'ethereum', undefined, undefined, undefined,
    ]); // prettier-ignore
  });

  it('advises the name that was meant, else what is given', () => {
    expect([didYouMean('sizze', fields, 'x'), didYouMean('zzz', fields, 'x'), didYouMean(7, fields, 'x')]).toEqual([
      'did you mean "size"?', 'x', 'x',
    ]); // prettier-ignore
  });
});

describe('JSON values and paths', () => {
  it('never reads a prototype', () => {
    expect([
      member({}, 'toString'),
      member([], 'length'),
      member(null, 'a'),
      valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b']),
    ]).toEqual([undefined, 0, undefined, 1]);
  });
  it('distinguishes objects and texts', () => {
    expect([isObject({}), isObject([]), isObject(null), textAt({ a: 1 }, ['a']), textAt({ a: 'x' }, ['a'])]).toEqual([
      true,
      false,
      false,
      undefined,
      'x',
    ]);
  });
  it('writes paths for machines and for people', () => {
    const path = ['spec', 'a/b~c', 0, 'x.y', 'ok-name'];
    expect(toPointer(path)).toBe('/spec/a~1b~0c/0/x.y/ok-name');
    expect(toDotted(path)).toBe('spec["a/b~c"][0]["x.y"].ok-name');
  });
});
