// The public key of an Ed25519 seed.

import { createPrivateKey, createPublicKey } from 'node:crypto';

/** The PKCS#8 header of an Ed25519 key, RFC 8410. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Lower-case hex, for a seed of 32 bytes. */
export function ed25519PublicKey(seed: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return spki.subarray(-32).toString('hex');
}
