// Recognizes private keys and other secrets that must not be in Git. Never repeats what it found.

/** What kind of secret a text seems to hold, for a message; undefined when it looks harmless. `name`: its field. */
export function keyMaterialIn(name: string, text: string): string | undefined {
  if (text.length < 24) return undefined;
  if (/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----/.test(text)) return 'a private key (PEM)';
  if (/AGE-SECRET-KEY-1[0-9A-Z]{20}/.test(text)) return 'an age private key';
  if (/tendermint\/PrivKey/.test(text)) return 'a validator key of CometBFT';
  if (/\b[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{100}/.test(text)) return 'an extended private key (BIP 32)';
  if (/"ciphertext"\s{0,10}:\s{0,10}"[0-9a-fA-F]{32}/.test(text)) return 'an encrypted keystore';
  if (hasSecretName(name)) return namedSecret(text);
  return ASSIGNED_SECRET.test(text) ? 'a key of 32 bytes' : undefined;
}

/** `--nodekeyhex=4f…`, `priv_key: 4f…` and the like inside a longer text. */
const ASSIGNED_SECRET =
  /(?:priv(?:ate)?[-_]?key|node[-_]?key(?:hex)?|jwt|mnemonic|seed|secret)["' ]{0,4}[=: ]["' ]{0,4}(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])/i;

function hasSecretName(name: string): boolean {
  return /priv(ate)?key|nodekey|secret|mnemonic|seedphrase|jwt|passphrase|signingkey/.test(
    name.toLowerCase().replaceAll(/[^a-z]/g, ''),
  );
}

function namedSecret(text: string): string | undefined {
  if (/(?:^|[^0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?:[0-9a-fA-F]{64})?(?:$|[^0-9a-fA-F])/.test(text))
    return 'a key of 32 bytes';
  if (/^\s*(?:[a-z]{3,8}\s+){11,23}[a-z]{3,8}\s*$/.test(text)) return 'a mnemonic phrase';
  return /^[A-Za-z0-9+/]{43}=$|^[A-Za-z0-9+/]{86}==$/.test(text.trim()) ? 'a key in base64' : undefined;
}
