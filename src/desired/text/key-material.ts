// Recognizes private keys and other secrets that must not be in Git. Never repeats what it found.

import { SECRET_SHAPES } from '../../lib/secrets/shapes.ts';

/** What kind of secret a text seems to hold, for a message; undefined when it looks harmless. `name`: its field. */
export function keyMaterialIn(name: string, text: string): string | undefined {
  if (text.length < 24) return undefined;
  const isNamed = hasSecretName(name);
  // `search` and not `test`: the patterns are global, and `test` would begin where the last one ended.
  return SECRET_SHAPES.find(({ counts, pattern }) => (isNamed || counts === 'always') && text.search(pattern) >= 0)
    ?.kind;
}

function hasSecretName(name: string): boolean {
  return /priv(ate)?key|nodekey|secret|mnemonic|seedphrase|jwt|passphrase|signingkey/.test(
    name.toLowerCase().replaceAll(/[^a-z]/g, ''),
  );
}
