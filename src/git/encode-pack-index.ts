// A pack index, version 2 (gitformat-pack), from what is known of the entries.

import { createHash } from 'node:crypto';

export interface IndexedEntries {
  /** Where each entry begins; below 2 GiB. */
  readonly starts: Uint32Array;
  /** 20 bytes for each entry. */
  readonly ids: Buffer;
  readonly checksums: Uint32Array;
}

const OID = 20;

export function encodePackIndex({ starts, ids, checksums }: IndexedEntries, packChecksum: Buffer): Buffer {
  const count = starts.length;
  const order = Array.from(starts.keys()).sort((a, b) =>
    ids.compare(ids, b * OID, (b + 1) * OID, a * OID, (a + 1) * OID),
  );
  const data = Buffer.alloc(8 + 1024 + count * (OID + 8) + 2 * OID);
  data.writeUInt32BE(0xff744f63, 0);
  data.writeUInt32BE(2, 4);
  const fanout = new Uint32Array(256);
  const [idsAt, checksumsAt, startsAt] = [1032, 1032 + count * OID, 1032 + count * (OID + 4)];
  for (const [place, entry] of order.entries()) {
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
