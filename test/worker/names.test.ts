// Every name has exactly one spelling, and it turns back into the same bytes.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { readName, showName, whyUnsafe } from '../../src/worker/files/names.ts';

const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((data) => Buffer.from(data).toString('latin1'));

it('turns any bytes into text and back', () => {
  fc.assert(
    fc.property(anyBytes, (name) => {
      expect(readName(showName(name))).toBe(name);
    }),
  );
});

it('accepts no text but its own', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const name = readName(text);
      expect(name === undefined || showName(name) === text).toBe(true);
    }),
  );
});

it.each([
  { bytes: 'data/000012.sst', text: 'data/000012.sst', because: 'plain names stay' },
  { bytes: 'gr\xc3\xbcn', text: 'grün', because: 'UTF-8 stays readable' },
  { bytes: 'a\nb', text: 'a%0Ab', because: 'a line break would end the entry' },
  { bytes: '50%', text: '50%25', because: 'the escape itself is escaped' },
  { bytes: '\xff\xc3', text: '%FF%C3', because: 'bytes that are no UTF-8 are kept as they are' },
  { bytes: '\xed\xa0\x80', text: '%ED%A0%80', because: 'a surrogate is no UTF-8' },
])('$because', ({ bytes, text }) => {
  expect(showName(bytes)).toBe(text);
  expect(readName(text)).toBe(bytes);
});

it.each([
  { text: '%2e%2e', because: 'dots could be hidden by escapes' },
  { text: '%41', because: 'a plain letter has only its plain spelling' },
  { text: '5%', because: 'half an escape is none' },
  { text: '%c3', because: 'small hex digits are not how names are written' },
])('refuses $text: $because', ({ text }) => {
  expect(readName(text)).toBeUndefined();
});

it.each([
  { path: '', why: 'is empty' },
  { path: '/etc', why: 'is absolute or has an empty part' },
  { path: 'a//b', why: 'is absolute or has an empty part' },
  { path: 'a/../b', why: 'has the part ".."' },
  { path: '.', why: 'has the part "."' },
  { path: 'a\0', why: 'has a NUL byte' },
  { path: 'x'.repeat(256), why: 'has a part longer than 255 bytes' },
])('says why "$path" leaves its volume', ({ path, why }) => {
  expect(whyUnsafe(path)).toBe(why);
});

it.each(['a', 'a/b', '...', '..a', ' ', 'a.'])('lets %j through', (path) => {
  expect(whyUnsafe(path)).toBeUndefined();
});
