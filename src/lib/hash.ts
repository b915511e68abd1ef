// Digests of text and values.

import { createHash } from 'node:crypto';

import { stableJson } from './stable-json.ts';

/** Lower-case hex SHA-256 of a text or bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `sha256:<64 hex>` of a value's canonical JSON. */
export function digestOf(value: unknown): string {
  return `sha256:${sha256(stableJson(value))}`;
}
