// One entry of a pack (gitformat-pack): its header, its inflated data, and deltas applied to their base.

import { inflateSync, constants } from 'node:zlib';

import { finish } from '../lib/finish.ts';
import { GitError } from './errors.ts';
import { MAX_OBJECT_BYTES } from './limits.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export type EntryHeader = {
  /** Bytes of the inflated data: the object, or the delta. */
  readonly size: number;
  /** Where the compressed data begins in the entry. */
  readonly dataAt: number;
} & (
  | { readonly kind: 'object'; readonly type: ObjectType }
  /** The base lies this many bytes before the entry's start. */
  | { readonly kind: 'offset-delta'; readonly distance: number }
  | { readonly kind: 'ref-delta'; readonly base: string }
);

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };

/** Reads the header of the entry that `entry` begins with. */
export function parseEntryHeader(entry: Buffer): EntryHeader {
  let at = 0;
  const first = byteAt(entry, at++);
  const code = (first >> 4) & 7;
  let size = first & 15;
  for (let factor = 16, byte = first; (byte & 0x80) !== 0; factor *= 128) {
    byte = byteAt(entry, at++);
    size += (byte & 0x7f) * factor;
  }
  if (!Number.isSafeInteger(size)) throw corrupt('an entry of an impossible size');
  const type = TYPES[code];
  if (type !== undefined) return { kind: 'object', type, size, dataAt: at };
  if (code === 7) return { kind: 'ref-delta', base: entry.toString('hex', at, at + 20), size, dataAt: at + 20 };
  if (code !== 6) throw corrupt(`an entry of unknown type ${code}`);
  let byte = byteAt(entry, at++);
  let distance = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = byteAt(entry, at++);
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  if (!Number.isSafeInteger(distance)) throw corrupt('an entry with an impossible base');
  return { kind: 'offset-delta', distance, size, dataAt: at };
}

/** Inflates exactly `size` bytes; never more than that. */
export function inflateExactly(data: Buffer, size: number): Buffer {
  let out: Buffer;
  try {
    // One byte more than needed, or zlib asks for another chunk. Most objects are far smaller than the chunks of Node.
    const chunkSize = Math.min(Math.max(size + 1, constants.Z_MIN_CHUNK), constants.Z_DEFAULT_CHUNK);
    out = inflateSync(data, { maxOutputLength: Math.max(1, size), chunkSize });
  } catch (error) {
    throw corrupt('data that does not inflate', error);
  }
  if (out.length !== size) throw corrupt('an object of the wrong size');
  return out;
}

/**
 * So many compressed bytes always give the first few bytes of the data: the code tables of a deflate block, which come
 * first, take up to 300 (RFC 1951 §3.2.7).
 */
export const ENOUGH_FOR_START = 512;

/** Size of the object that a delta makes, from the first bytes of its compressed data. */
export function deltaResultSize(data: Buffer): number {
  let start: Buffer;
  try {
    start = inflateSync(data.subarray(0, ENOUGH_FOR_START), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw corrupt('a delta that does not inflate', error);
  }
  return resultSizeOf(start);
}

/** The same of a delta that is inflated, or of its start. */
export function resultSizeOf(delta: Buffer): number {
  return deltaSize(delta, deltaSize(delta, 0).next).value;
}

/** The object that `delta` makes out of `base`. */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  return finish(applyDeltaInSteps(base, delta));
}

/** Commands between two pauses. One may stand for a single byte, so that a delta can have millions. */
const COMMANDS = 20_000;

/** The same with pauses. */
export function* applyDeltaInSteps(base: Buffer, delta: Buffer): Generator<void, Buffer> {
  const source = deltaSize(delta, 0);
  const target = deltaSize(delta, source.next);
  if (source.value !== base.length) throw corrupt('a delta for another base');
  if (target.value > MAX_OBJECT_BYTES) throw corrupt('a delta of an impossible size');
  const out = Buffer.alloc(target.value);
  let [at, written, commands] = [target.next, 0, 0];
  while (at < delta.length) {
    if (++commands % COMMANDS === 0) yield;
    const command = byteAt(delta, at++);
    if (command === 0) throw corrupt('an unknown delta command');
    if ((command & 0x80) === 0) {
      written += delta.copy(out, written, at, at + command);
      at += command;
    } else {
      const { offset, length, next } = copyCommand(delta, at, command);
      written += offset < base.length ? base.copy(out, written, offset, offset + length) : 0;
      at = next;
    }
  }
  if (at !== delta.length || written !== target.value) throw corrupt('a delta of the wrong size');
  return out;
}

function copyCommand(delta: Buffer, start: number, command: number): { offset: number; length: number; next: number } {
  let at = start;
  let offset = 0;
  let length = 0;
  for (let i = 0; i < 4; i++) if ((command & (1 << i)) !== 0) offset += byteAt(delta, at++) * 2 ** (8 * i);
  for (let i = 0; i < 3; i++) if ((command & (16 << i)) !== 0) length += byteAt(delta, at++) * 2 ** (8 * i);
  return { offset, length: length === 0 ? 0x10000 : length, next: at };
}

function deltaSize(delta: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let value = 0;
  for (let factor = 1, byte = 0x80; (byte & 0x80) !== 0; factor *= 128) {
    byte = byteAt(delta, at++);
    value += (byte & 0x7f) * factor;
  }
  if (!Number.isSafeInteger(value)) throw corrupt('a delta of an impossible size');
  return { value, next: at };
}

function byteAt(data: Buffer, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw corrupt('an entry that ends too early');
  return byte;
}

export function corrupt(what: string, cause?: unknown): GitError {
  return new GitError('STORE_CORRUPT', `A pack holds ${what}; the store is fetched again`, { cause });
}
