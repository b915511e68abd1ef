// Parses the JSON of an untrusted reply. What would take much time or memory is refused before it is parsed.

import { TooLarge } from './trouble.ts';

const MAX_DEPTH = 64;

export interface ParsedJson {
  readonly value: unknown;
  /** How many objects, arrays and members it has, about. */
  readonly values: number;
}

/** Throws TooLarge, or a SyntaxError. */
export function readJson(bytes: Uint8Array, maxValues: number): ParsedJson {
  const values = countValues(bytes, maxValues);
  return { value: JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')), values };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Works on bytes: in UTF-8 none of these characters is part of another. */
function countValues(bytes: Uint8Array, maxValues: number): number {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === COMMA || OPENING.has(byte)) values += 1;
    if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth > MAX_DEPTH) throw new TooLarge(`the reply is nested deeper than ${MAX_DEPTH} levels`);
    if (values > maxValues) throw new TooLarge(`the reply has more than ${maxValues} values`);
  }
  return values;
}

/** The place of the quote that ends the text which begins at `start`. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
