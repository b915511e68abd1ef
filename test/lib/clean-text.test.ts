// Text from outside: escapes, invisible characters, length.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { capText, cleanLine, cleanText, stripControls } from '../../src/lib/clean-text.ts';
import { cpuMsSince } from '../support/cpu-time.ts';

describe('stripControls', () => {
  it.each([
    { because: 'colours go', text: '\u001b[31mred\u001b[0m', want: 'red' },
    { because: 'a window title goes with its text', text: '\u001b]0;owned\u0007x', want: 'x' },
    {
      because: 'a link escape leaves its label',
      text: '\u001b]8;;http://evil\u001b\\label\u001b]8;;\u001b\\',
      want: 'label',
    },
    { because: 'an escape without an end does not eat a letter too many', text: '\u001b7ab', want: 'ab' },
    { because: 'the one-byte CSI is an escape too', text: '\u009b31mred', want: 'red' },
    { because: 'CRLF and old Mac line ends become LF', text: 'a\r\nb\rc', want: 'a\nb\nc' },
    { because: 'Unicode line separators become LF', text: 'a\u2028b\u2029c', want: 'a\nb\nc' },
    { because: 'bell, backspace, NUL go', text: 'a\u0007\u0008\u0000b', want: 'ab' },
    { because: 'tabs stay', text: 'a\tb', want: 'a\tb' },
    { because: 'direction overrides go', text: 'a\u202eb\u2066c', want: 'abc' },
    { because: 'zero-width characters go', text: 'to\u200bken', want: 'token' },
    { because: 'half a character becomes the replacement character', text: 'a\ud83d', want: 'a\ufffd' },
  ])('$because', ({ text, want }) => {
    expect(stripControls(text)).toBe(want);
  });
});

describe('length', () => {
  it.each([
    { because: 'short text stays', text: 'abc', max: 3, want: 'abc' },
    { because: 'the ellipsis counts', text: 'abcd', max: 3, want: 'ab…' },
    { because: 'a character of two units is not cut in half', text: 'a😀b', max: 3, want: 'a…' },
  ])('$because', ({ text, max, want }) => {
    expect(capText(text, max)).toBe(want);
  });

  it('keeps lines in cleanText and joins them in cleanLine', () => {
    expect(cleanText(' a \n b ', 20)).toBe('a \n b');
    expect(cleanLine(' a \n\t b ', 20)).toBe('a b');
  });

  it('holds for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const line = cleanLine(text, max);
        expect(line.length).toBeLessThanOrEqual(max);
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        expect(line.isWellFormed()).toBe(true);
      }),
    );
  });

  it.each(['\u001b[', '\u001b]', '\u001b', '\u001b[1;', '\u001b[ ', '\u009b0', ' \n', '\u202e'])(
    'is linear for a long run of %j',
    (unit) => {
      const before = process.threadCpuUsage();
      cleanLine(unit.repeat(400_000 / unit.length), 100);
      expect(cpuMsSince(before)).toBeLessThan(4_000);
    },
  );
});
