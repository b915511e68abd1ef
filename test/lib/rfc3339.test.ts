// Times as servers write them.

import { describe, expect, it } from 'vitest';

import { epochSeconds } from '../../src/lib/rfc3339.ts';

describe('epochSeconds', () => {
  const rows = [
    { because: 'nanoseconds are cut off', text: '2026-11-22T04:34:25.241647153Z', seconds: 1_795_322_065 },
    { because: 'an offset counts', text: '1970-01-01T01:00:00+01:00', seconds: 0 },
    { because: 'no zone is no instant', text: '2026-11-22T04:34:25', seconds: undefined },
    { because: 'month 13 does not exist', text: '2026-13-01T00:00:00Z', seconds: undefined },
    { because: 'a number is no time', text: '1795321000', seconds: undefined },
  ];
  it.each(rows)('$because', ({ text, seconds }) => {
    expect(epochSeconds(text)).toBe(seconds);
  });
});
