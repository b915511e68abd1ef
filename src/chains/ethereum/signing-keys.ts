// Which validator keys a Secret holds: keystores as staking tools write them, under any file name.

import { z } from 'zod';

import { digestOf } from '../../lib/hash.ts';
import { isObject } from '../../lib/json-value.ts';
import { membersNamed, objectIn } from '../key-file.ts';

/** https://eips.ethereum.org/EIPS/eip-2335: the public key stands beside the encrypted private one. */
const PublicKey = z.string().regex(/^(0x)?[0-9a-fA-F]{96}$/);

/** Digests of the public keys of the keystores among a Secret's files. A keystore without its public key is not known. */
export function signingKeys(files: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(Object.values(files).flatMap(keysIn))];
}

/** The files of which it depends on the client which key it takes: Prysm reads names without case, others do not. */
export function unclearKeyFiles(files: Readonly<Record<string, string>>): readonly string[] {
  const unclear = Object.entries(files).filter(([, text]) => publicKeysIn(text).length > 1);
  return unclear.map(([name]) => name);
}

function keysIn(text: string): readonly string[] {
  const keys = publicKeysIn(text).flatMap((key) => PublicKey.safeParse(key).data ?? []);
  return keys.map((key) => digestOf({ bls12381: key.toLowerCase().replace(/^0x/, '') }));
}

function publicKeysIn(text: string): readonly unknown[] {
  const content = objectIn(text);
  return membersNamed(content, 'crypto').some(isObject) ? membersNamed(content, 'pubkey') : [];
}
