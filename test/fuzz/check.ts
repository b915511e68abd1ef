// One input of one reader, and what must hold for all of them.

import { inspect } from 'node:util';

import { parse } from 'yaml';

import { cpuMsSince } from '../support/cpu-time.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateValue } from './mutate-values.ts';
import { createRandom } from './random.ts';
import { type Reader, SECRET } from './reader.ts';

/** Processor time of one input. */
const MAX_MS = 200;
const MAX_MESSAGE = 2000;
const MAX_INPUT = 24 * 1024;
/** Of seeds that only `npm run fuzz` uses. */
const MAX_LONG_INPUT = 256 * 1024;
export const FIRST_LONG_SEED = 1_000_000;

/** The input that a seed makes. */
export function inputOf(reader: Reader, seed: number): Buffer {
  const random = createRandom(seed);
  const isLong = seed >= FIRST_LONG_SEED;
  const { isJson = false, maxBytes = isLong ? MAX_LONG_INPUT : MAX_INPUT } = reader;
  const corpus = reader.corpus.map((one) => Buffer.from(one));
  if (!isJson || random.chance(0.4)) return mutateBytes(corpus, random, maxBytes);
  const text = JSON.stringify(mutateValue(valuesOf(reader), random)) ?? '';
  const bytes = Buffer.from(random.chance(0.1) ? withSecret(text) : text).subarray(0, maxBytes);
  return random.chance(0.1) ? mutateBytes([bytes], random, maxBytes) : bytes;
}

const known = new WeakMap<Reader, readonly unknown[]>();

function valuesOf(reader: Reader): readonly unknown[] {
  const before = known.get(reader);
  if (before !== undefined) return before;
  const values = reader.corpus.map((text): unknown => parse(text.toString(), { logLevel: 'silent' }));
  known.set(reader, values);
  return values;
}

function withSecret(text: string): string {
  return text.replace(/"([^"\\]{3,40})"/, (_, name: string) => `"${name} private_key=${SECRET}"`);
}

/** Why the reader fails on the input, or undefined. */
export async function failureOf(reader: Reader, input: Buffer): Promise<string | undefined> {
  const first = await runOnce(reader, input);
  // The first calls of a function are slow because it is compiled, and a collection of garbage can hit any call.
  for (let again = 0; again < 3 && first.ms > MAX_MS; again++)
    first.ms = Math.min(first.ms, (await runOnce(reader, input)).ms);
  if (first.ms > MAX_MS) return `takes ${Math.round(first.ms)} ms of processor time, more than ${MAX_MS}`;
  if (Object.keys(Object.prototype).length > 0 || Reflect.get(Object.prototype, 'polluted') !== undefined)
    return 'changes Object.prototype';
  const { outcome } = first;
  if ('error' in outcome) return wrongError(reader, outcome.error);
  const size = sizeOf(outcome.result);
  const most = 1024 * 1024 + 64 * input.length;
  if (size > most) return `returns about ${size} bytes for ${input.length}`;
  return (reader.messages ?? messagesIn)(outcome.result)
    .map(wrongMessage)
    .find((why) => why !== undefined);
}

interface Run {
  ms: number;
  readonly outcome: { readonly result: unknown } | { readonly error: unknown };
}

async function runOnce(reader: Reader, input: Buffer): Promise<Run> {
  const before = process.threadCpuUsage();
  try {
    const result: unknown = await reader.read(input);
    return { ms: cpuMsSince(before), outcome: { result } };
  } catch (error) {
    return { ms: cpuMsSince(before), outcome: { error } };
  }
}

function wrongError(reader: Reader, error: unknown): string | undefined {
  if (reader.mayThrow?.(error) !== true) return `throws ${inspect(error).slice(0, 1500)}`;
  return error instanceof Error ? wrongMessage(error.message) : undefined;
}

// A secret that a mutation has cut is still one.
const SECRET_PARTS = [0, 16, 32, 48].map((start) => SECRET.slice(start, start + 16));
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function wrongMessage(message: string): string | undefined {
  if (message.length > MAX_MESSAGE) return `has a message of ${message.length} characters: ${message.slice(0, 200)}`;
  if (UNSAFE.test(message)) return `has a message with control characters: ${JSON.stringify(message).slice(0, 500)}`;
  return SECRET_PARTS.some((part) => message.includes(part)) ? `has a message with a secret: ${message}` : undefined;
}

function messagesIn(result: unknown): readonly string[] {
  const found: string[] = [];
  walk(result, (value, name) => {
    if (typeof value === 'string' && /^(message|because|problems|trouble)$/.test(name)) found.push(value);
  });
  return found;
}

/** About the bytes that a value holds. */
function sizeOf(result: unknown): number {
  let size = 0;
  walk(result, (value, name) => {
    size += 16 + name.length;
    if (typeof value === 'string') size += value.length;
    if (value instanceof Uint8Array) size += value.length;
  });
  return size;
}

/** Every member, each object once; members of a list have the name of the list. */
function walk(root: unknown, visit: (value: unknown, name: string) => void): void {
  const seen = new Set<unknown>();
  const queue: { readonly value: unknown; readonly name: string }[] = [{ value: root, name: '' }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { value, name } = next;
    visit(value, name);
    if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof Uint8Array) continue;
    seen.add(value);
    const isList = Array.isArray(value) || value instanceof Set || value instanceof Map;
    const members: Iterable<readonly [string, unknown]> = isList
      ? [...value].map((member): [string, unknown] => [name, member])
      : Object.entries(value);
    for (const [key, member] of members) queue.push({ value: member, name: key });
  }
}
