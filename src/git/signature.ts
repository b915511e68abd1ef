// SSH signatures of commits (SSHSIG, https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig) with Ed25519 keys.

import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import type { CommitSignature } from './engine.ts';

const MAGIC = Buffer.from('SSHSIG');
const NAMESPACE = 'git';
const TYPE = 'ssh-ed25519';
/** Fixed ASN.1 around a raw Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * A signer for StatusBranchOptions.sign. `key` is a private key without passphrase, as ssh-keygen (`-t ed25519`) or openssl
 * writes it. Throws at once when it is something else; the message never holds key material.
 */
export function createSshSigner(key: string): (payload: Uint8Array) => Promise<string> {
  const privateKey = readPrivateKey(key);
  const publicKey = publicBlob(createPublicKey(privateKey));
  return async (payload) => {
    const signature = sign(null, signedData(payload, 'sha512'), privateKey);
    const blob = Buffer.concat([
      MAGIC,
      uint32(1),
      string(publicKey),
      string(NAMESPACE),
      string(''),
      string('sha512'),
      string(Buffer.concat([string(TYPE), string(signature)])),
    ]);
    const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
    return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
  };
}

export type Verdict =
  | { readonly ok: true; /** `ssh-ed25519 AAAA…` */ readonly key: string }
  | { readonly ok: false; readonly because: string };

/** Whether one of `accepted` (public keys as in authorized_keys: `ssh-ed25519 AAAA… comment`) made this signature. */
export function verifySshSignature(commit: CommitSignature, accepted: readonly string[]): Verdict {
  if (commit.format !== 'ssh') return no('it is no SSH signature');
  const parsed = parseSignature(commit.signature);
  if (parsed === undefined) return no('it is malformed, or not made by an Ed25519 key');
  if (parsed.namespace !== NAMESPACE) return no('it was made for another purpose than Git');
  const key = `${TYPE} ${parsed.publicKey.toString('base64')}`;
  if (!accepted.some((line) => line.trim().split(/\s+/).slice(0, 2).join(' ') === key))
    return no('its key is not among the accepted ones');
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI, parsed.publicKey.subarray(-32)]),
    format: 'der',
    type: 'spki',
  });
  const good = verify(null, signedData(commit.payload, parsed.hash), publicKey, parsed.signature);
  return good ? { ok: true, key } : no('it does not match the commit');
}

function no(because: string): Verdict {
  return { ok: false, because };
}

interface Parsed {
  /** SSH wire form: type and 32 bytes. */
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: 'sha256' | 'sha512';
  readonly signature: Buffer;
}

function parseSignature(armored: string): Parsed | undefined {
  const base64 = /^-----BEGIN SSH SIGNATURE-----\s+([\w+/=\s]{1,4096}?)\s+-----END SSH SIGNATURE-----\s*$/.exec(
    armored,
  );
  const data = Buffer.from(base64?.[1] ?? '', 'base64');
  if (!data.subarray(0, 10).equals(Buffer.concat([MAGIC, uint32(1)]))) return undefined;
  const [publicKey, namespace, , algorithm, wrapped] = strings(data.subarray(10));
  if (publicKey === undefined || namespace === undefined || wrapped === undefined) return undefined;
  const signature = ed25519Part(wrapped, 64);
  const hash = algorithm?.toString();
  if (ed25519Part(publicKey, 32) === undefined || signature === undefined) return undefined;
  if (hash !== 'sha256' && hash !== 'sha512') return undefined;
  return { publicKey, namespace: namespace.toString(), hash, signature };
}

/** The second string of a pair (type, bytes), if the type is Ed25519 and nothing follows. */
function ed25519Part(blob: Buffer, length: number): Buffer | undefined {
  const start = Buffer.concat([string(TYPE), uint32(length)]);
  const whole = blob.length === start.length + length && blob.subarray(0, start.length).equals(start);
  return whole ? blob.subarray(start.length) : undefined;
}

function signedData(payload: Uint8Array, hash: 'sha256' | 'sha512'): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([MAGIC, string(NAMESPACE), string(''), string(hash), string(digest)]);
}

function readPrivateKey(text: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = text.includes('BEGIN OPENSSH PRIVATE KEY') ? readOpenSsh(text) : createPrivateKey(text);
  } catch {
    key = undefined; // the parser's own message could quote the key
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new TypeError(
    'The signing key is not an Ed25519 private key without passphrase; make one with ssh-keygen -t ed25519',
  );
}

/** PROTOCOL.key: header, cipher, KDF, options, count, public key, private section (two check words, type, public, secret). */
function readOpenSsh(text: string): KeyObject | undefined {
  const data = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64').subarray('openssh-key-v1\0'.length);
  const [cipher, kdf, options] = strings(data);
  if (cipher?.toString() !== 'none' || kdf === undefined || options === undefined) return undefined;
  const [, section] = strings(data.subarray(12 + cipher.length + kdf.length + options.length + 4));
  const [, , secret] = strings(section?.subarray(8) ?? Buffer.alloc(0));
  if (secret?.length !== 64) return undefined;
  return createPrivateKey({ key: Buffer.concat([PKCS8, secret.subarray(0, 32)]), format: 'der', type: 'pkcs8' });
}

function publicBlob(key: KeyObject): Buffer {
  return Buffer.concat([string(TYPE), string(key.export({ format: 'der', type: 'spki' }).subarray(-32))]);
}

/** Every length-prefixed string, as far as they are whole. */
function strings(data: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= data.length;) {
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length) break;
    found.push(data.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function string(value: string | Buffer): Buffer {
  const data = Buffer.from(value);
  return Buffer.concat([uint32(data.length), data]);
}

function uint32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return data;
}
