// Public keys of SSH: from the wire format to Node's keys, for every type that `git` can sign with.
// Formats: RFC 4253 §6.6 (RSA), RFC 5656 §3.1 (ECDSA), RFC 8709 §4 (Ed25519), OpenSSH PROTOCOL.u2f (security keys).

import { createPublicKey, type KeyObject } from 'node:crypto';

import { readStrings, takeString, unsigned } from './ssh-wire.ts';

/** Hash of an ECDSA curve, by RFC 5656 §6.2.1. */
const CURVES = {
  nistp256: { crv: 'P-256', hash: 'sha256', bytes: 32 },
  nistp384: { crv: 'P-384', hash: 'sha384', bytes: 48 },
  nistp521: { crv: 'P-521', hash: 'sha512', bytes: 66 },
} as const;
type Curve = keyof typeof CURVES;

/** Shorter RSA keys are refused, as OpenSSH does by default (RequiredRSASize is 1024; NIST SP 800-131A asks for 2048). */
const MIN_RSA_BITS = 2048;

export interface SshPublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, … */
  readonly type: string;
  readonly key: KeyObject;
  readonly scheme:
    | { readonly kind: 'ed25519' }
    | { readonly kind: 'rsa' }
    | { readonly kind: 'ecdsa'; readonly hash: 'sha256' | 'sha384' | 'sha512'; readonly bytes: number };
  /** The application of a security key (FIDO), signed with each signature. */
  readonly application: Buffer | undefined;
}

/** Reads a public key blob; undefined for a type that is not supported and for a malformed or too short key. */
export function readSshPublicKey(blob: Buffer): SshPublicKey | undefined {
  const first = takeString(blob);
  if (first === undefined) return undefined;
  const type = first.value.toString('latin1');
  try {
    return readers.get(type)?.(type, first.rest);
  } catch {
    return undefined; // a point that is not on its curve, an exponent of zero
  }
}

const readers = new Map<string, (type: string, rest: Buffer) => SshPublicKey | undefined>(
  Object.entries({
    'ssh-ed25519': (type: string, rest: Buffer) => ed25519(type, readStrings(rest, 1)),
    'sk-ssh-ed25519@openssh.com': (type: string, rest: Buffer) => ed25519(type, readStrings(rest, 2)),
    'ssh-rsa': (type: string, rest: Buffer) => rsa(type, readStrings(rest, 2)),
    'ecdsa-sha2-nistp256': (type: string, rest: Buffer) => ecdsa(type, readStrings(rest, 2)),
    'ecdsa-sha2-nistp384': (type: string, rest: Buffer) => ecdsa(type, readStrings(rest, 2)),
    'ecdsa-sha2-nistp521': (type: string, rest: Buffer) => ecdsa(type, readStrings(rest, 2)),
    'sk-ecdsa-sha2-nistp256@openssh.com': (type: string, rest: Buffer) => ecdsa(type, readStrings(rest, 3)),
  }),
);

function ed25519(type: string, parts: readonly Buffer[] | undefined): SshPublicKey | undefined {
  const [point, application] = parts ?? [];
  if (point?.length !== 32) return undefined;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') }, format: 'jwk' });
  return { type, key, scheme: { kind: 'ed25519' }, application };
}

function rsa(type: string, parts: readonly Buffer[] | undefined): SshPublicKey | undefined {
  const [exponent, modulus] = (parts ?? []).map(unsigned);
  if (exponent === undefined || modulus === undefined || modulus.length * 8 < MIN_RSA_BITS) return undefined;
  const jwk = { kty: 'RSA', e: exponent.toString('base64url'), n: modulus.toString('base64url') };
  return { type, key: createPublicKey({ key: jwk, format: 'jwk' }), scheme: { kind: 'rsa' }, application: undefined };
}

function ecdsa(type: string, parts: readonly Buffer[] | undefined): SshPublicKey | undefined {
  const [name, point, application] = parts ?? [];
  const curve = name?.toString('latin1') ?? '';
  if (!isCurve(curve) || !type.includes(curve) || point === undefined) return undefined;
  const { crv, hash, bytes } = CURVES[curve];
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) return undefined;
  const x = point.subarray(1, 1 + bytes).toString('base64url');
  const y = point.subarray(1 + bytes).toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' });
  return { type, key, scheme: { kind: 'ecdsa', hash, bytes }, application };
}

function isCurve(name: string): name is Curve {
  return Object.hasOwn(CURVES, name);
}
