// The termination message, with which a finished pod reports its result without access to the API server.

import { closeSync, constants, openSync, writeSync } from 'node:fs';

import { MAX_RESULT_BYTES, type TaskResult } from '../api/worker-task.ts';
import { clip } from '../lib/clip.ts';

/** The result as JSON of at most 4096 bytes; only the message is ever shortened. */
export function terminationText(result: TaskResult): string {
  const { message, ...rest } = result;
  if (message === undefined) return JSON.stringify(rest);
  // A character may take six bytes in JSON.
  for (const limit of [2000, 1000, 500]) {
    const text = JSON.stringify({ ...rest, message: clip(message, limit) });
    if (Buffer.byteLength(text) <= MAX_RESULT_BYTES) return text;
  }
  return JSON.stringify(rest);
}

/** Writes the result where the kubelet looks for it. Throws when there is no such file and none can be made. */
export function writeTermination(path: string, result: TaskResult): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
  try {
    const bytes = Buffer.from(terminationText(result));
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } finally {
    closeSync(fd);
  }
}
