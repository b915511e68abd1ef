// From a commit's signature to the person who made it, by the keys of the verification file.

import { describeError } from '../lib/errors.ts';
import { readAllowedSigners, type AllowedSigner } from './allowed-signers.ts';
import { readKeyRing, verifyPgpSignature, type PgpKey } from './pgp-signature.ts';
import { verifySshSignature } from './ssh-signature.ts';
import type { Verification } from './verification-file.ts';

/** A commit's signature and the exact bytes that it covers. */
export interface SignedBytes {
  readonly payload: Uint8Array;
  readonly signature: string;
  readonly format: 'ssh' | 'pgp';
}

export type SignerVerdict =
  | {
      readonly ok: true;
      /** Who signed: an e-mail address or a name from the configuration. */ readonly principal: string;
    }
  | { readonly ok: false; readonly because: string };

export type Verifier = (signed: SignedBytes | undefined) => Promise<SignerVerdict>;

/** What the administrator demands of the desired branch. */
export interface Trust {
  readonly verification: Verification;
  readonly verify: Verifier;
}

export type VerifierResult =
  { readonly ok: true; readonly verify: Verifier } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads all keys once. A key that cannot be read is a problem of the file: half a key ring would refuse good commits. */
export async function createVerifier(
  { allowedSigners, keyRing }: Pick<Verification, 'allowedSigners' | 'keyRing'>,
  now: () => number,
): Promise<VerifierResult> {
  const { signers, problems } = readAllowedSigners(allowedSigners ?? '');
  const ring = await readRing(keyRing);
  const found = [
    ...problems.map((problem) => `allowedSigners: ${problem}`),
    ...(ring.ok ? [] : [`keyRing: ${ring.because}`]),
    ...(ring.ok && problems.length === 0 && signers.length + ring.keys.length === 0
      ? ['name at least one key in allowedSigners or keyRing']
      : []),
  ];
  if (!ring.ok || found.length > 0) return { ok: false, problems: found };
  return {
    ok: true,
    verify: async (signed) => {
      if (signed === undefined) return no('it is not signed');
      return signed.format === 'ssh' ? verifySsh(signed, signers) : await verifyPgp(signed, ring.keys, now());
    },
  };
}

async function readRing(
  keyRing: string | undefined,
): Promise<{ readonly ok: true; readonly keys: readonly PgpKey[] } | { readonly ok: false; readonly because: string }> {
  try {
    return { ok: true, keys: keyRing === undefined ? [] : await readKeyRing(keyRing) };
  } catch (error) {
    return { ok: false, because: describeError(error) };
  }
}

function verifySsh({ payload, signature }: SignedBytes, signers: readonly AllowedSigner[]): SignerVerdict {
  const verdict = verifySshSignature(signature, payload);
  if (!verdict.ok) return verdict;
  const owned = signers.filter(({ key }) => key === verdict.key);
  const [owner] = owned;
  if (owner === undefined) return no('its SSH key is not among the accepted ones');
  // SSH signatures carry no time. Git compares a key's validity with the time of the commit as well.
  const at = committedAt(payload);
  const valid = owned.find(
    ({ validAfter = -Infinity, validBefore = Infinity }) => at !== undefined && at >= validAfter && at <= validBefore,
  );
  return valid === undefined
    ? no(`the SSH key of ${owner.principal} was not valid at the time of the commit`)
    : { ok: true, principal: valid.principal };
}

async function verifyPgp(
  { payload, signature }: SignedBytes,
  keys: readonly PgpKey[],
  now: number,
): Promise<SignerVerdict> {
  if (keys.length === 0) return no('it has an OpenPGP signature, and no key ring is configured');
  const verdict = await verifyPgpSignature(signature, payload, { keys, now });
  return verdict.ok ? { ok: true, principal: verdict.principal } : verdict;
}

/** Milliseconds since the epoch of the committer line. */
function committedAt(payload: Uint8Array): number | undefined {
  const head = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.byteLength, 65_536)).toString('latin1');
  const seconds = /^committer [^\n]* (\d{1,12}) [+-]\d{4,6}$/m.exec(head.split('\n\n', 1)[0] ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function no(because: string): SignerVerdict {
  return { ok: false, because };
}
