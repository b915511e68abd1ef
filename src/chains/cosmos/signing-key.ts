// Which keys a Secret holds that CometBFT can sign with, independent of the names and the format of their files.

import { z } from 'zod';

import { digestOf } from '../../lib/hash.ts';
import { ed25519PublicKey } from '../../lib/public-key.ts';

/** CometBFT's privval/file.go, FilePVKey. It signs with the private key; what stands beside it is not looked at. */
const KeyFile = z.object({ priv_key: z.object({ value: z.string().min(1).max(1024) }) });

/** CometBFT's p2p/key.go, NodeKey: it proves to peers who the node is, and signs no block. It has no public key beside it. */
const NodeKeyFile = z.strictObject({ id: z.string().optional(), priv_key: z.unknown() });
const NODE_KEY = 'node_key.json';

const SEED_BYTES = 32;
/** Ed25519: the private seed, then the public key. */
const ED25519_BYTES = 64;

/**
 * Digests of the signing keys among a Secret's files (by name, as text): equal digests are equal keys. For Ed25519 it is
 * that of the public key. Other types have keys of 256 random bits, of which a digest reveals no more than the public key
 * does, which everyone on the chain has: a guess can be tested against both, and neither can be turned back.
 */
export function signingKeys(files: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(Object.entries(files).flatMap(([name, text]) => keyIn(name, text) ?? []))];
}

function keyIn(name: string, text: string): string | undefined {
  const content = text.includes('priv_key') ? contentOf(text) : undefined;
  const isNodeKey = name === NODE_KEY && NodeKeyFile.safeParse(content).success;
  const bytes = Buffer.from((isNodeKey ? undefined : KeyFile.safeParse(content).data?.priv_key.value) ?? '', 'base64');
  // Shorter ones are no keys, and a digest of a short text can be guessed.
  if (bytes.length < SEED_BYTES) return undefined;
  return bytes.length === ED25519_BYTES
    ? digestOf({ ed25519: ed25519PublicKey(bytes.subarray(0, SEED_BYTES)) })
    : digestOf({ cometbft: bytes.toString('hex') });
}

function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
