// Keyed digests.

import { createHmac } from 'node:crypto';

/** Lower-case hex HMAC-SHA256 of a text under a key, both taken as UTF-8. */
export function hmacSha256(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
