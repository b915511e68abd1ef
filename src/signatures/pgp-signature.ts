// Signatures of commits in OpenPGP's format, by a library that is loaded only where a key ring is configured.

import type { PublicKey } from 'openpgp';

/** How far a signer's clock may be ahead of ours. */
const CLOCK_SKEW_MS = 10 * 60_000;
const MAX_KEYS = 1000;

export interface PgpKey {
  /** The e-mail address of the primary user, or the fingerprint where there is none. */
  readonly principal: string;
  readonly fingerprint: string;
  readonly key: PublicKey;
}

export type PgpVerdict =
  | { readonly ok: true; readonly principal: string; readonly fingerprint: string }
  | { readonly ok: false; readonly because: string };

/** Reads an armored key ring. Throws a TypeError that says what is wrong; its message holds no key material. */
export async function readKeyRing(armored: string): Promise<readonly PgpKey[]> {
  const { readKeys } = await import('openpgp');
  const blocks = armored.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g) ?? [];
  if (blocks.length === 0)
    throw new TypeError('there is no block "BEGIN PGP PUBLIC KEY BLOCK"; export one with gpg --armor --export');
  const keys: PgpKey[] = [];
  for (const block of blocks) {
    const read = await readKeys({ armoredKeys: block }).catch(() => []);
    if (read.length === 0)
      throw new TypeError('a public key block cannot be read; export it with gpg --armor --export');
    for (const key of read) keys.push(await describeKey(key.toPublic()));
  }
  if (keys.length > MAX_KEYS) throw new TypeError(`there are more than ${MAX_KEYS} keys`);
  return keys;
}

async function describeKey(key: PublicKey): Promise<PgpKey> {
  const fingerprint = key.getFingerprint();
  const email = await key.getPrimaryUser().then(
    ({ user }) => user.userID?.email,
    () => undefined, // an expired or revoked key has no primary user, and accepts nothing of today
  );
  return { principal: email === undefined || email === '' ? fingerprint : email, fingerprint, key };
}

/**
 * Whether one of `keys` made the signature over `payload`. A key counts while it was valid when it signed; a revoked key
 * counts for nothing unless it was revoked because it was retired or superseded after it signed (RFC 9580 §5.2.3.31).
 */
export async function verifyPgpSignature(
  armored: string,
  payload: Uint8Array,
  { keys, now }: { readonly keys: readonly PgpKey[]; readonly now: number },
): Promise<PgpVerdict> {
  const { createMessage, readSignature, verify } = await import('openpgp');
  const signature = await readSignature({ armoredSignature: armored }).catch(() => undefined);
  if (signature === undefined) return { ok: false, because: 'the OpenPGP signature is malformed' };
  if (signature.packets.length !== 1)
    return { ok: false, because: 'the commit must have exactly one OpenPGP signature' };
  const { signatures } = await verify({
    message: await createMessage({ binary: payload }),
    signature,
    verificationKeys: keys.map(({ key }) => key),
    date: new Date(now + CLOCK_SKEW_MS),
    format: 'binary',
  });
  const [result] = signatures;
  if (result === undefined) return { ok: false, because: 'the OpenPGP signature is empty' };
  const owner = keys.find(({ key }) => key.getKeys(result.keyID).length > 0);
  if (owner === undefined)
    return { ok: false, because: `the OpenPGP key ${result.keyID.toHex()} is not in the key ring` };
  try {
    await result.verified;
    return { ok: true, principal: owner.principal, fingerprint: owner.fingerprint };
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : 'unknown';
    return { ok: false, because: `the OpenPGP signature by ${owner.principal} is not valid: ${reason}` };
  }
}
