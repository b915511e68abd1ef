// Reads one number from a Protocol Buffers message. Use a library for more than that.

interface Varint {
  readonly value: bigint;
  /** Where the next byte is. */
  readonly end: number;
}

/**
 * The value of a uint64 field; 0 when it is absent, because proto3 writes no zeros. Undefined when the bytes are not a
 * message, or the number is too large to be exact.
 */
export function uint64At(message: Uint8Array, field: number): number | undefined {
  let found = 0n;
  let at = 0;
  while (at < message.length) {
    const tag = varintAt(message, at);
    const end = tag === undefined ? undefined : endOf(message, tag);
    if (tag === undefined || end === undefined || end > message.length) return undefined;
    if (tag.value === BigInt(field) << 3n) found = varintAt(message, tag.end)?.value ?? 0n;
    at = end;
  }
  const number = Number(found);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Where a field ends, by its wire type: the low three bits of its tag. */
function endOf(message: Uint8Array, tag: Varint): number | undefined {
  switch (tag.value & 7n) {
    case 0n:
      return varintAt(message, tag.end)?.end;
    case 1n:
      return tag.end + 8;
    case 2n: {
      const length = varintAt(message, tag.end);
      return length === undefined ? undefined : length.end + Number(length.value);
    }
    case 5n:
      return tag.end + 4;
    default:
      return undefined;
  }
}

/** Seven bits a byte, the lowest first; the high bit says that more follow. At most 64 bits. */
function varintAt(message: Uint8Array, start: number): Varint | undefined {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = message[start + index];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + index + 1 };
  }
  return undefined;
}
