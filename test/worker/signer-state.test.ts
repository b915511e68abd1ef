// The later vote wins; anything that is no signer state is refused.

import { expect, it } from 'vitest';

import { isNewer, parseSignerState } from '../../src/worker/signer/signer-state.ts';

function state(height: string, round = 0, step = 0): ReturnType<typeof parseSignerState> {
  return parseSignerState(JSON.stringify({ height, round, step, signature: 'x', signbytes: 'AA' }), 'test');
}

it.each([
  { a: state('11'), b: state('9'), newer: true, because: 'heights are numbers, not texts' },
  {
    a: state('9007199254740993'),
    b: state('9007199254740992'),
    newer: true,
    because: 'an int64 is more than a double',
  },
  { a: state('10', 1), b: state('10', 0, 3), newer: true, because: 'a later round of one height is later' },
  { a: state('10', 1, 3), b: state('10', 1, 2), newer: true, because: 'a precommit comes after a prevote' },
  { a: state('10', 1, 2), b: state('10', 1, 2), newer: false, because: 'the same vote is not newer' },
  { a: state('9', 5, 3), b: state('10'), newer: false, because: 'the height comes first' },
])('$because', ({ a, b, newer }) => {
  expect(isNewer(a, b)).toBe(newer);
});

it.each([
  { text: '', because: 'an empty file' },
  { text: '{"height":"12"', because: 'half a file' },
  { text: '{"height":12,"round":0,"step":0}', because: 'a height that is no text' },
  { text: '{"height":"-1","round":0,"step":0}', because: 'a negative height' },
  { text: '{"height":"1","round":0,"step":9}', because: 'a step that does not exist' },
  { text: '{"height":"1","round":0}', because: 'a missing step' },
  { text: '[]', because: 'another document' },
])('refuses $because', ({ text }) => {
  expect(() => parseSignerState(text, 'x')).toThrow(expect.objectContaining({ code: 'SignerStateUnreadable' }));
});
