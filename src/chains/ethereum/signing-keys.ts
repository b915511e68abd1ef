// Which validator keys a Secret holds: keystores as staking tools write them, under any file name.

import { z } from 'zod';

import { digestOf } from '../../lib/hash.ts';

/** https://eips.ethereum.org/EIPS/eip-2335: the public key stands beside the encrypted private one. */
const Keystore = z.object({
  crypto: z.record(z.string(), z.unknown()),
  pubkey: z.string().regex(/^(0x)?[0-9a-fA-F]{96}$/),
});

/** Digests of the public keys of the keystores among a Secret's files. A keystore without its public key is not known. */
export function signingKeys(files: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(Object.values(files).flatMap((text) => keyIn(text) ?? []))];
}

function keyIn(text: string): string | undefined {
  if (!text.includes('pubkey')) return undefined;
  try {
    const { pubkey } = Keystore.parse(JSON.parse(text));
    return digestOf({ bls12381: pubkey.toLowerCase().replace(/^0x/, '') });
  } catch {
    return undefined;
  }
}
