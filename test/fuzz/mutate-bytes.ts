// Mutations of bytes: what a damaged disk, a broken proxy or an attacker with an editor makes of a valid input.

import type { Random } from './random.ts';

type Mutation = (input: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

/** A mutated copy of one of the valid inputs; at most `maxBytes` long. */
export function mutateBytes(corpus: readonly Buffer[], random: Random, maxBytes: number): Buffer {
  let input = random.pick(corpus);
  const rounds = 1 + random.below(4);
  for (let round = 0; round < rounds; round++)
    input = random.pick(MUTATIONS)(input, random, corpus).subarray(0, maxBytes);
  return input;
}

/** Texts that have broken parsers: prototypes, YAML's own words, odd Unicode, odd numbers. */
const TOKENS = [
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '{"__proto__":{"polluted":1}}', 'null', 'true', 'NaN',
  '<<: *a', '&a ', '*a', '!!js/function ', '!!binary ', '!!set ', '!<tag:x> ', '%YAML 1.1\n---\n', '---\n', '...\n', '? ', '- - - ',
  '&a [*a,*a]', '|2\n', '>-\n', '\t', '#', '{', '[', '}', ']', ': ', '"', "'", '\\', '\\u0000', '\\ud800', '$', '`', '${x}',
  '\0', '\u001b[31m', '\u202e', '\u2028', '\u2029', '\ufeff', '\ufffd', '\u00a0', '\u{1f600}', 'ﬀ', 'İ', '\u0301', '\r\n', '\r', '\n', '\n\n',
  '0', '-1', '1e309', '-0', '0x1fffffffffffff', '99999999999999999999', '2147483648', '4294967296', '9007199254740993', '1e-400', '08',
  '../', '/', '//', '~', '~0', '~1', '-', '.', '..', 'http://', 'file:///etc/passwd', '%00', '%2e%2e', ' ', ',', ';', '=', '*', '?', '+', '@',
].map((token) => Buffer.from(token)); // prettier-ignore

/** Bytes that are no UTF-8: a lone surrogate, an overlong slash, a cut character, the marks of UTF-16. */
const BYTES = ['eda080', 'c0af', 'e2', 'fffe', 'feff', 'ff', '80', '00', '7f', '9b'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

const MUTATIONS: readonly Mutation[] = [
  flip, setByte, insertToken, insertToken, replaceByToken, cut, truncate, repeatPart, splice, swap, hugeNumber, stretch, nest,
  breakLines, repeatLine, numberBytes,
]; // prettier-ignore

function flip(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  const at = random.below(copy.length);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

function setByte(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  if (copy.length > 0) copy[random.below(copy.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  return copy;
}

function insertToken(input: Buffer, random: Random): Buffer {
  const at = random.below(input.length + 1);
  return replaced(input, [at, at], random.pick(random.chance(0.8) ? TOKENS : BYTES));
}

function replaceByToken(input: Buffer, random: Random): Buffer {
  const [from, to] = wordAt(input, random.below(input.length));
  return replaced(input, [from, to], random.pick(TOKENS));
}

function cut(input: Buffer, random: Random): Buffer {
  const [from, to] = range(input, random);
  return replaced(input, [from, to], Buffer.alloc(0));
}

function truncate(input: Buffer, random: Random): Buffer {
  return input.subarray(0, random.below(input.length + 1));
}

function repeatPart(input: Buffer, random: Random): Buffer {
  const [from, to] = range(input, random);
  const part = input.subarray(from, to);
  const times = random.pick([2, 3, 50, Math.floor(20_000 / Math.max(1, part.length))]);
  return replaced(input, [from, to], Buffer.concat(Array.from({ length: times }, () => part)));
}

function splice(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const other = random.pick(others);
  const [from, to] = range(other, random);
  const [start, end] = range(input, random);
  return replaced(input, [start, end], other.subarray(from, to));
}

function swap(input: Buffer, random: Random): Buffer {
  const [from, to] = range(input, random);
  const middle = from + random.below(to - from);
  return Buffer.concat([
    input.subarray(0, from),
    input.subarray(middle, to),
    input.subarray(from, middle),
    input.subarray(to),
  ]);
}

function hugeNumber(input: Buffer, random: Random): Buffer {
  const numbers = [...input.toString('latin1').matchAll(/\d+/g)];
  if (numbers.length === 0) return input;
  const { index, 0: digits } = random.pick(numbers);
  const number = random.pick([
    '0',
    '-1',
    '4294967295',
    '99999999999999999999',
    '9'.repeat(400),
    '1e999',
    '1.5',
    '0'.repeat(50),
  ]);
  return replaced(input, [index, index + digits.length], Buffer.from(number));
}

/** A long line, or a long value. */
function stretch(input: Buffer, random: Random): Buffer {
  const at = random.below(input.length + 1);
  const unit = random.pick(['a', ' ', '9', 'é', '-', '\t', '=', '/', 'a b', 'x\n', '{', '"']);
  return replaced(input, [at, at], Buffer.from(unit.repeat(random.pick([100, 5000, 50_000]))));
}

function nest(input: Buffer, random: Random): Buffer {
  const [from, to] = random.chance(0.5) ? [0, input.length] : range(input, random);
  const [open = '', close = ''] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{a: ', '}'],
    ['- ', ''],
    ['(', ')'],
    ['? ', ''],
  ]);
  const depth = random.pick([3, 60, 3000]);
  const inner = input.subarray(from, to);
  return replaced(
    input,
    [from, to],
    Buffer.concat([Buffer.from(open.repeat(depth)), inner, Buffer.from(close.repeat(depth))]),
  );
}

function breakLines(input: Buffer, random: Random): Buffer {
  const text = input.toString('latin1');
  const by = random.pick(['\r\n', '\r', '', '\n\n', '\u0085', '\n ', ' ']);
  return Buffer.from(text.replaceAll('\n', by), 'latin1');
}

/** The same key twice, or a line elsewhere. */
function repeatLine(input: Buffer, random: Random): Buffer {
  const lines = input.toString('latin1').split('\n');
  const line = random.pick(lines);
  lines.splice(random.below(lines.length + 1), 0, ...Array.from({ length: random.pick([1, 1, 2000]) }, () => line));
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** Lengths and offsets in binary formats. */
function numberBytes(input: Buffer, random: Random): Buffer {
  const copy = Buffer.from(input);
  if (copy.length < 4) return copy;
  const at = random.below(copy.length - 3);
  copy.writeUInt32BE(random.pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, copy.length, random.below(2 ** 32)]), at);
  return copy;
}

function range(input: Buffer, random: Random): readonly [number, number] {
  const from = random.below(input.length + 1);
  const longest = random.chance(0.5) ? 16 : input.length;
  return [from, Math.min(input.length, from + random.below(longest + 1))];
}

function wordAt(input: Buffer, at: number): readonly [number, number] {
  let [from, to] = [at, at];
  while (from > 0 && isWord(input[from - 1])) from -= 1;
  while (to < input.length && isWord(input[to])) to += 1;
  return [from, to];
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /[\w.-]/.test(String.fromCharCode(byte));
}

function replaced(input: Buffer, [from, to]: readonly [number, number], by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);
}
