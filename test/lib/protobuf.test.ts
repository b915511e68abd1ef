// Reads a number from Protocol Buffers messages; bytes from outside never make it throw.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { uint64At } from '../../src/lib/protobuf.ts';

function at(hex: string, field = 1): number | undefined {
  return uint64At(Buffer.from(hex.replaceAll(' ', ''), 'hex'), field);
}

it.each([
  { because: 'one byte', hex: '08 2a', want: 42 },
  { because: 'two bytes', hex: '08 96 01', want: 150 },
  { because: 'proto3 writes no zeros', hex: '', want: 0 },
  { because: 'the last one counts', hex: '08 01 08 02', want: 2 },
  { because: 'the largest exact number', hex: '08 ff ff ff ff ff ff ff 0f', want: Number.MAX_SAFE_INTEGER },
  { because: 'one more is not exact', hex: '08 80 80 80 80 80 80 80 10', want: undefined },
  {
    because: 'fields of every other type are passed over',
    hex: '11 0102030405060708 1a 02 08 07 25 01020304 08 05',
    want: 5,
  },
  { because: 'the field of another type is another field', hex: '0a 01 07', want: 0 },
  { because: 'a number that stops', hex: '08 80', want: undefined },
  { because: 'a tag that stops', hex: '08 01 80', want: undefined },
  { because: 'a number that never ends', hex: '08 ffffffffffffffffffffff', want: undefined },
  { because: 'a text that is longer than the message', hex: '1a 05 61', want: undefined },
  { because: 'a fixed number that stops', hex: '25 01', want: undefined },
  { because: 'groups are gone since proto2', hex: '0b 0c', want: undefined },
])('$because', ({ hex, want }) => {
  expect(at(hex)).toBe(want);
});

it('any bytes give a whole number or nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 15 }), (bytes, field) => {
      const found = uint64At(bytes, field);
      expect(found === undefined || (Number.isSafeInteger(found) && found >= 0)).toBe(true);
    }),
  );
});
