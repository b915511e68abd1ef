// The termination message: how a finished pod tells its result without any access to the API.

import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** The kubelet keeps 4096 bytes of it: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
export const MAX_TERMINATION_BYTES = 4096;

export const TERMINATION_LOG = '/dev/termination-log';

/** JSON of at most 4096 bytes; lists and long texts are given up first, `ok`, `code` and numbers never. */
export function terminationText(result: Readonly<Record<string, unknown>>): string {
  for (const limit of [1000, 400, 120, 40]) {
    const text = JSON.stringify(limit === 1000 ? result : shorten(result, limit));
    if (Buffer.byteLength(text) <= MAX_TERMINATION_BYTES) return text;
  }
  const plain = Object.entries(result).filter(([, value]) => typeof value !== 'object');
  return JSON.stringify({ ...(shorten(Object.fromEntries(plain), 40) as object), shortened: true });
}

/** Writes the message where the kubelet looks for it. Throws when there is no such file and none can be made. */
export function writeTermination(path: string, result: Readonly<Record<string, unknown>>): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
  try {
    const bytes = Buffer.from(terminationText(result));
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } finally {
    closeSync(fd);
  }
}

/** The end of a text says more than its start (the tail of an output), so the start is cut. */
function shorten(value: unknown, limit: number): unknown {
  if (typeof value === 'string') return value.length <= limit ? value : `…${value.slice(-limit)}`.toWellFormed();
  if (Array.isArray(value)) return value.slice(0, limit > 200 ? 5 : 1).map((one) => shorten(one, limit));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shorten(member, limit)]));
}
