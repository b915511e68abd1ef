// Decodes the bytes of a file, with the same result for a commit and for a working tree.

import type { SourceFile } from './desired-set.ts';

/** The source file of an entry that is not a regular file. Links are not followed. */
export function notAFile(path: string, oid: string, type: string): SourceFile {
  return { path, oid, trouble: { code: 'NotAFile', message: `is a ${type}; only regular files are read` } };
}

/** The source file with its text, or with the reason why it has none. */
export function decodeSource(path: string, oid: string, content: Uint8Array): SourceFile {
  if (GIT_CRYPT.every((byte, index) => content[index] === byte))
    return { path, oid, trouble: { code: 'EncryptedFile', message: ENCRYPTED } };
  try {
    return { path, oid, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(content) };
  } catch {
    return { path, oid, trouble: { code: 'NotUtf8', message: 'is not UTF-8 text; save it as UTF-8' } };
  }
}

/** https://github.com/AGWA/git-crypt: an encrypted file starts with this header. */
const GIT_CRYPT = [0, ...new TextEncoder().encode('GITCRYPT'), 0];
const ENCRYPTED =
  'is encrypted with git-crypt and is not decrypted here; commit it as plain text, keep secrets in a Kubernetes Secret';
