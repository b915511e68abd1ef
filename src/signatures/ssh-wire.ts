// The SSH wire format (RFC 4251 §5): length-prefixed strings, read with bounds.

/** Every string of `data`, or undefined when the data does not end with the last string. */
export function readStrings(data: Buffer, count: number): readonly Buffer[] | undefined {
  const taken = takeStrings(data, count);
  return taken?.rest.length === 0 ? taken.values : undefined;
}

/** The first strings, and what follows them; undefined when there are not that many. */
export function takeStrings(
  data: Buffer,
  count: number,
): { readonly values: readonly Buffer[]; readonly rest: Buffer } | undefined {
  const values: Buffer[] = [];
  let rest = data;
  while (values.length < count) {
    const taken = takeString(rest);
    if (taken === undefined) return undefined;
    values.push(taken.value);
    ({ rest } = taken);
  }
  return { values, rest };
}

/** The first string, and what follows it. */
export function takeString(data: Buffer): { readonly value: Buffer; readonly rest: Buffer } | undefined {
  if (data.length < 4) return undefined;
  const end = 4 + data.readUInt32BE(0);
  return end > data.length ? undefined : { value: data.subarray(4, end), rest: data.subarray(end) };
}

export function sshString(value: string | Buffer): Buffer {
  const data = Buffer.from(value);
  return Buffer.concat([uint32(data.length), data]);
}

export function uint32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return data;
}

/** An SSH mpint as the unsigned big-endian bytes that DER and JWK expect. */
export function unsigned(mpint: Buffer): Buffer {
  let start = 0;
  while (start < mpint.length - 1 && mpint[start] === 0) start++;
  return mpint.subarray(start);
}
