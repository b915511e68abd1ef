// Signs commits of the status branch in SSH's format with an Ed25519 key.

import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

import { signedData } from './ssh-signature.ts';
import { readStrings, sshString, takeStrings, uint32 } from './ssh-wire.ts';

const TYPE = 'ssh-ed25519';
/** Fixed ASN.1 around a raw Ed25519 private key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export type Signer = (payload: Uint8Array) => Promise<string>;

/**
 * A signer of commits. `key` is a private key without passphrase, as ssh-keygen (`-t ed25519`) or openssl writes it. Throws a
 * TypeError at once when it is something else; the message never holds key material.
 */
export function createSshSigner(key: string): Signer {
  const privateKey = readPrivateKey(key);
  const publicKey = publicBlob(createPublicKey(privateKey));
  return async (payload) => {
    const signature = sign(null, signedData(payload, 'sha512'), privateKey);
    const blob = Buffer.concat([
      Buffer.from('SSHSIG'),
      uint32(1),
      sshString(publicKey),
      sshString('git'),
      sshString(''),
      sshString('sha512'),
      sshString(Buffer.concat([sshString(TYPE), sshString(signature)])),
    ]);
    const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
    return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
  };
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

/** OpenSSH PROTOCOL.key: cipher, KDF, options, count, public key, private section (two check words, type, public, secret). */
function readOpenSsh(text: string): KeyObject | undefined {
  const data = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const head = takeStrings(data.subarray('openssh-key-v1\0'.length), 3);
  if (head?.values[0]?.toString() !== 'none') return undefined;
  const [, section = Buffer.alloc(0)] = readStrings(head.rest.subarray(4), 2) ?? [];
  const [, , secret] = takeStrings(section.subarray(8), 3)?.values ?? [];
  if (secret?.length !== 64) return undefined;
  const der = Buffer.concat([PKCS8, secret.subarray(0, 32)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicBlob(key: KeyObject): Buffer {
  return Buffer.concat([sshString(TYPE), sshString(key.export({ format: 'der', type: 'spki' }).subarray(-32))]);
}
