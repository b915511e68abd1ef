// A pack index, version 2 (gitformat-pack), from what is known of the entries.

import { createHash } from 'node:crypto';

import { Turns } from './pack/turns.ts';

export interface IndexedEntries {
  /** Where each entry begins; below 2 GiB. */
  readonly starts: Uint32Array;
  /** 20 bytes for each entry. */
  readonly ids: Buffer;
  readonly checksums: Uint32Array;
}

const OID = 20;

/** With pauses, because a pack may hold a million objects. */
export async function encodePackIndex(
  { starts, ids, checksums }: IndexedEntries,
  packChecksum: Buffer,
): Promise<Buffer> {
  const count = starts.length;
  const order = await sortedEntries(ids, count);
  const turns = new Turns();
  const data = Buffer.alloc(8 + 1024 + count * (OID + 8) + 2 * OID);
  data.writeUInt32BE(0xff744f63, 0);
  data.writeUInt32BE(2, 4);
  const fanout = new Uint32Array(256);
  const [idsAt, checksumsAt, startsAt] = [1032, 1032 + count * OID, 1032 + count * (OID + 4)];
  for (const [place, entry] of order.entries()) {
    if (place % 1000 === 0) await turns.give();
    ids.copy(data, idsAt + place * OID, entry * OID, (entry + 1) * OID);
    data.writeUInt32BE(checksums[entry] ?? 0, checksumsAt + place * 4);
    data.writeUInt32BE(starts[entry] ?? 0, startsAt + place * 4);
    const first = ids[entry * OID] ?? 0;
    fanout[first] = (fanout[first] ?? 0) + 1;
  }
  let total = 0;
  for (const [byte, ones] of fanout.entries()) data.writeUInt32BE((total += ones), 8 + byte * 4);
  packChecksum.copy(data, data.length - 2 * OID);
  createHash('sha1')
    .update(data.subarray(0, -OID))
    .digest()
    .copy(data, data.length - OID);
  return data;
}

/** The entries in the order of their ids, a first byte at a time. */
async function sortedEntries(ids: Buffer, count: number): Promise<Uint32Array> {
  const turns = new Turns();
  const starts = startsByFirstByte(ids, count);
  const free = starts.slice();
  const order = new Uint32Array(count);
  for (let entry = 0; entry < count; entry++) order[take(free, ids[entry * OID])] = entry;
  for (const [byte, start] of starts.entries()) {
    await turns.give();
    order
      .subarray(start, starts[byte + 1] ?? count)
      .sort((a, b) => ids.compare(ids, b * OID, (b + 1) * OID, a * OID, (a + 1) * OID));
  }
  return order;
}

function startsByFirstByte(ids: Buffer, count: number): Uint32Array {
  const sizes = new Uint32Array(256);
  for (let entry = 0; entry < count; entry++) take(sizes, ids[entry * OID]);
  let total = 0;
  return sizes.map((size) => (total += size) - size);
}

/** The number under `byte`, which then counts one more. */
function take(numbers: Uint32Array, byte = 0): number {
  const number = numbers[byte] ?? 0;
  numbers[byte] = number + 1;
  return number;
}
