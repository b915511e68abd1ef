// Keyed digests.

import { expect, it } from 'vitest';

import { hmacSha256 } from '../../src/lib/hmac.ts';

it('gives test case 2 of RFC 4231', () => {
  const digest = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  expect(hmacSha256('Jefe', 'what do ya want for nothing?')).toBe(digest);
});
