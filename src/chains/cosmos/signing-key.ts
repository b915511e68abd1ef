// Which key a validator's Secret holds, independent of other files in it and of how its file is formatted.

import { z } from 'zod';

import { digestOf } from '../../lib/hash.ts';

/** CometBFT's privval/file.go, FilePVKey. It signs with the private key; what stands beside it is not looked at. */
const KeyFile = z.object({ priv_key: z.object({ value: z.string().min(1) }) });

/** Digests of the signing keys among a Secret's files (by name, as text): equal digests are equal keys. */
export function signingKeys(files: Readonly<Record<string, string>>): readonly string[] {
  const text = files['priv_validator_key.json'];
  if (text === undefined) return [];
  return [digestOf({ cometbft: valueIn(text) ?? text.trim() })];
}

function valueIn(text: string): string | undefined {
  try {
    return KeyFile.parse(JSON.parse(text)).priv_key.value.trim();
  } catch {
    return undefined;
  }
}
