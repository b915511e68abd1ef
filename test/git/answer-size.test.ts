// How an answer of a Git server is counted while it arrives.

import { expect, it } from 'vitest';

import { AnswerSize } from '../../src/git/answer-size.ts';

function sizeOf(text: string, pieceBytes = text.length): number {
  const counted = new AnswerSize();
  for (let at = 0; at < text.length; at += pieceBytes) counted.add(Buffer.from(text.slice(at, at + pieceBytes)));
  return counted.size;
}

it.each([
  { because: 'short lines', text: '0005a0006bc', size: 128 },
  { because: 'separators', text: '000000010002', size: 192 },
  { because: 'a line of 64 bytes', text: `0040${'x'.repeat(60)}`, size: 64 },
  { because: 'a long line before a short one', text: `0100${'x'.repeat(252)}0005a`, size: 320 },
  { because: 'digits within a line', text: `000c00050005`, size: 64 },
  { because: 'text that is no packet line', text: '<html>0005a0005a', size: 16 },
])('$because are counted the same however they are cut', ({ text, size }) => {
  for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes++) expect(sizeOf(text, pieceBytes)).toBe(size);
});
