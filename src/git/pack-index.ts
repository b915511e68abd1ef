// Pack index files, version 2 (gitformat-pack): which objects a pack holds, and where.

import { createHash } from 'node:crypto';

import { GitError } from './errors.ts';

export interface PackIndex {
  readonly count: number;
  /** Checksum of the pack that this index belongs to, hex. */
  readonly packChecksum: string;
  /** Byte range of an object in the pack, or undefined when it is not there. */
  find(oid: string): { readonly start: number; readonly end: number } | undefined;
}

const HEADER = 8;
const FANOUT = HEADER + 256 * 4;

/** Reads an index of a pack of `packBytes` bytes. Throws STORE_CORRUPT when any part of it is not as it must be. */
export function parsePackIndex(data: Buffer, packBytes: number): PackIndex {
  if (data.length < FANOUT + 40 || data.readUInt32BE(0) !== 0xff744f63 || data.readUInt32BE(4) !== 2)
    throw corrupt('has no version 2 header');
  const count = data.readUInt32BE(FANOUT - 4);
  const offsetsAt = FANOUT + count * 24;
  if (data.length !== offsetsAt + count * 4 + 40) throw corrupt('has the wrong length');
  const digest = createHash('sha1').update(data.subarray(0, -20)).digest();
  if (!digest.equals(data.subarray(-20))) throw corrupt('does not match its checksum');

  const starts = new Uint32Array(count);
  for (let i = 0; i < count; i++) starts[i] = data.readUInt32BE(offsetsAt + i * 4);
  const sorted = starts.slice().sort();
  const packEnd = packBytes - 20;
  if (count > 0 && (sorted.at(-1) ?? 0) >= packEnd) throw corrupt('points beyond its pack');

  return {
    count,
    packChecksum: data.subarray(-40, -20).toString('hex'),
    find: (oid) => {
      const at = position(data, Buffer.from(oid, 'hex'));
      if (at === undefined) return undefined;
      const start = starts[at] ?? 0;
      return { start, end: following(sorted, start) ?? packEnd };
    },
  };
}

function position(data: Buffer, oid: Buffer): number | undefined {
  const first = oid[0] ?? 0;
  let low = first === 0 ? 0 : data.readUInt32BE(HEADER + (first - 1) * 4);
  let high = data.readUInt32BE(HEADER + first * 4);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = FANOUT + middle * 20;
    const order = data.compare(oid, 0, 20, at, at + 20);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** The smallest offset after `start`. */
function following(sorted: Uint32Array, start: number): number | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}

function corrupt(what: string): GitError {
  return new GitError('STORE_CORRUPT', `A pack index ${what}; the store is fetched again`);
}
