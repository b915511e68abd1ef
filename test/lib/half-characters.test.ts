// Texts that were cut in the middle of a character.

import { expect, it } from 'vitest';

import { wellFormed } from '../../src/lib/clean-text.ts';

it('replaces half characters in all texts of a value, and nothing else', () => {
  const half = '\ud83d\ude00 the end'.slice(1);
  expect(wellFormed({ a: [half, 1, null, { b: half }], c: '\ud83d\ude00', d: undefined })).toEqual({
    a: ['\ufffd the end', 1, null, { b: '\ufffd the end' }],
    c: '\ud83d\ude00',
    d: undefined,
  });
});
