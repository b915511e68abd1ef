// Which keys a Secret holds that CometBFT can sign with, independent of the names and the format of their files.

import { z } from 'zod';

import { digestOf } from '../../lib/hash.ts';
import { ed25519PublicKey } from '../../lib/public-key.ts';
import { membersNamed, objectIn } from '../key-file.ts';

/** CometBFT's p2p/key.go, NodeKey: it proves to peers who the node is, and signs no block. It has no public key beside it. */
const NodeKeyFile = z.strictObject({ id: z.string().optional(), priv_key: z.unknown() });
const NODE_KEY = 'node_key.json';

/** Go's encoding/json reads bytes from base64, in which it skips line breaks, and from a list of numbers. */
const Bytes = z.union([
  z.string().transform((text) => Buffer.from(text, 'base64')),
  z.array(z.int().min(0).max(255).nullable()).transform((list) => Buffer.from(list.map((byte) => byte ?? 0))),
]);

const SEED_BYTES = 32;
/** Ed25519: the private seed, then the public key. */
const ED25519_BYTES = 64;
/** The keys of all types are shorter. */
const MAX_BYTES = 768;

/**
 * Digests of the signing keys among a Secret's files (by name, as text): equal digests are equal keys. For Ed25519 it is
 * that of the public key. Other types have keys of 256 random bits, of which a digest reveals no more than the public key
 * does, which everyone on the chain has: a guess can be tested against both, and neither can be turned back.
 */
export function signingKeys(files: Readonly<Record<string, string>>): readonly string[] {
  const values = Object.entries(files).flatMap(([name, text]) => valuesIn(name, text));
  return [...new Set(values.flatMap((value) => digestOfKey(value) ?? []))];
}

/** The files of which it depends on the client which key it takes. */
export function unclearKeyFiles(files: Readonly<Record<string, string>>): readonly string[] {
  const unclear = Object.entries(files).filter(([name, text]) => valuesIn(name, text).length > 1);
  return unclear.map(([name]) => name);
}

/** CometBFT's privval/file.go, FilePVKey. It signs with the private key; what stands beside it is not looked at. */
function valuesIn(name: string, text: string): readonly unknown[] {
  const content = objectIn(text);
  if (name === NODE_KEY && NodeKeyFile.safeParse(content).success) return [];
  return membersNamed(content, 'priv_key').flatMap((key) => membersNamed(key, 'value'));
}

function digestOfKey(value: unknown): string | undefined {
  const bytes = Bytes.safeParse(value).data;
  // Shorter ones are no keys, and a digest of a short text can be guessed.
  if (bytes === undefined || bytes.length < SEED_BYTES || bytes.length > MAX_BYTES) return undefined;
  return bytes.length === ED25519_BYTES
    ? digestOf({ ed25519: ed25519PublicKey(bytes.subarray(0, SEED_BYTES)) })
    : digestOf({ cometbft: bytes.toString('hex') });
}
