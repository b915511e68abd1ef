// Signatures of commits in SSH's format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig

import { createHash, verify } from 'node:crypto';

import { readSshPublicKey, type SshPublicKey } from './ssh-key.ts';
import { readStrings, sshString, takeString, uint32, unsigned } from './ssh-wire.ts';

const MAGIC = Buffer.from('SSHSIG');
/** Keeps a signature that was made for a file or an e-mail from counting for a commit. */
const NAMESPACE = 'git';
const MAX_ARMORED = 16_384;
const HASHES = ['sha256', 'sha512'] as const;
type Hash = (typeof HASHES)[number];

export type SshVerdict =
  | {
      readonly ok: true;
      /** The signer's public key as in an `authorized_keys` file: `ssh-ed25519 AAAA…` */ readonly key: string;
    }
  | { readonly ok: false; readonly because: string };

/** Whether the signature was made over `payload` by the key that it names. Whether that key is accepted is not judged here. */
export function verifySshSignature(armored: string, payload: Uint8Array): SshVerdict {
  const parsed = parse(armored);
  if (parsed === undefined) return no('the SSH signature is malformed');
  if (parsed.namespace !== NAMESPACE)
    return no(`the SSH signature was made for "${clean(parsed.namespace)}", not for Git`);
  const hash = HASHES.find((name) => name === parsed.hash);
  if (hash === undefined) return no(`the SSH signature uses the hash "${clean(parsed.hash)}"; use sha512 or sha256`);
  const key = readSshPublicKey(parsed.publicKey);
  if (key === undefined) return no('the type or length of the SSH key is not supported');
  if (!isMadeBy(key, parsed.signature, signedData(payload, hash)))
    return no('the SSH signature does not match the commit');
  return { ok: true, key: `${key.type} ${parsed.publicKey.toString('base64')}` };
}

/** The bytes that an SSH signature covers. */
export function signedData(payload: Uint8Array, hash: Hash): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([MAGIC, sshString(NAMESPACE), sshString(''), sshString(hash), sshString(digest)]);
}

interface Parsed {
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: string;
  readonly signature: Buffer;
}

function parse(armored: string): Parsed | undefined {
  if (armored.length > MAX_ARMORED) return undefined;
  const base64 = /^-----BEGIN SSH SIGNATURE-----\s([\w+/=\s]*)-----END SSH SIGNATURE-----\s*$/.exec(armored)?.[1];
  const data = Buffer.from(base64 ?? '', 'base64');
  const head = Buffer.concat([MAGIC, uint32(1)]);
  if (!data.subarray(0, head.length).equals(head)) return undefined;
  const [publicKey, namespace, , hash, signature] = readStrings(data.subarray(head.length), 5) ?? [];
  if (publicKey === undefined || namespace === undefined || hash === undefined || signature === undefined)
    return undefined;
  return { publicKey, namespace: namespace.toString(), hash: hash.toString('latin1'), signature };
}

function isMadeBy(key: SshPublicKey, signature: Buffer, data: Buffer): boolean {
  const format = takeString(signature);
  const raw = format === undefined ? undefined : takeString(format.rest);
  if (format === undefined || raw === undefined) return false;
  const covered = coveredBytes(key, raw.rest, data);
  return covered !== undefined && verifies(key, { format: format.value.toString('latin1'), raw: raw.value }, covered);
}

interface RawSignature {
  /** Name of the algorithm. */
  readonly format: string;
  readonly raw: Buffer;
}

function verifies({ key, type, scheme }: SshPublicKey, { format, raw }: RawSignature, covered: Buffer): boolean {
  switch (scheme.kind) {
    case 'ed25519':
      return format === type && raw.length === 64 && verify(null, covered, key, raw);
    case 'ecdsa': {
      const plain = ieee(raw, scheme.bytes);
      if (format !== type || plain === undefined) return false;
      return verify(scheme.hash, covered, { key, dsaEncoding: 'ieee-p1363' }, plain);
    }
    case 'rsa': {
      // The old name ssh-rsa means SHA-1, which is not accepted.
      const hash = RSA_HASHES.get(format);
      return hash !== undefined && verify(hash, covered, key, raw);
    }
  }
}

const RSA_HASHES: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);

/** Security keys append what else they sign; other keys append nothing. */
function coveredBytes({ application }: SshPublicKey, rest: Buffer, data: Buffer): Buffer | undefined {
  if (application !== undefined) return securityKeyData(application, rest, data);
  return rest.length === 0 ? data : undefined;
}

/** PROTOCOL.u2f: a security key signs the application's digest, its flags and counter, and the digest of the data. */
function securityKeyData(application: Buffer, rest: Buffer, data: Buffer): Buffer | undefined {
  const [flags] = rest;
  const isTouched = rest.length === 5 && flags !== undefined && (flags & 1) === 1;
  if (!isTouched) return undefined;
  const digest = (value: Buffer): Buffer => createHash('sha256').update(value).digest();
  return Buffer.concat([digest(application), rest, digest(data)]);
}

/** r and s of fixed length, as WebCrypto writes them, from SSH's two mpints. */
function ieee(signature: Buffer, bytes: number): Buffer | undefined {
  const numbers = readStrings(signature, 2)?.map(unsigned);
  if (numbers === undefined || numbers.some(({ length }) => length > bytes)) return undefined;
  return Buffer.concat(numbers.map((number) => Buffer.concat([Buffer.alloc(bytes - number.length), number])));
}

function clean(text: string): string {
  return text.replaceAll(/[^\w.@-]/g, '?').slice(0, 40);
}

function no(because: string): SshVerdict {
  return { ok: false, because };
}
