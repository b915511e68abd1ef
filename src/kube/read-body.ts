// Reads a response body as text, and no more of it than allowed.

import type { Readable } from 'node:stream';

import { KubeError } from './kube-error.ts';

/** Throws KubeError TOO_LARGE, and drops the connection, when the body is longer than `maxBytes`. */
export async function readBody(body: Readable, maxBytes: number, doing: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop by an error destroys the body.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(doing, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function tooLarge(doing: string, maxBytes: number): KubeError {
  return new KubeError('TOO_LARGE', `${doing}: the answer is larger than ${maxBytes} bytes`);
}
