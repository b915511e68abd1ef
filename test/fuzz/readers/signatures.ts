// Signatures of commits and the keys they are judged by.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readTrust } from '../../../src/cli/run/signatures.ts';
import { readAllowedSigners } from '../../../src/signatures/allowed-signers.ts';
import { readKeyRing, verifyPgpSignature } from '../../../src/signatures/pgp-signature.ts';
import { readSshPublicKey } from '../../../src/signatures/ssh-key.ts';
import { verifySshSignature } from '../../../src/signatures/ssh-signature.ts';
import { sshString } from '../../../src/signatures/ssh-wire.ts';
import type { Reader } from '../reader.ts';
import { scratchFolder } from '../scratch-folder.ts';

const CORPUS = new URL('../corpus/', import.meta.url).pathname;
const ALLOWED = readFileSync(join(CORPUS, 'allowed-signers'), 'utf8');
const RING = readFileSync(join(CORPUS, 'key-ring.asc'), 'utf8');
const PGP = readFileSync(join(CORPUS, 'pgp.sig'), 'utf8');
const SSH = ['ed', 'rsa', 'ec'].map((type) => readFileSync(join(CORPUS, `ssh-${type}.sig`), 'utf8'));
const PAYLOAD = Buffer.from('payload');

const blobs = ALLOWED.split('\n').flatMap((line) => /AAAA\S+/.exec(line)?.[0] ?? []);

/** The armor around what was inside of it, so that mutations reach the binary format. */
function armored(data: Buffer): string {
  return `-----BEGIN SSH SIGNATURE-----\n${data.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
}

function body(text: string): Buffer {
  return Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

const file = join(scratchFolder(), 'verification.yaml');
const keys = await readKeyRing(RING);

export const readers: readonly Reader[] = [
  { name: 'allowed-signers', corpus: [ALLOWED], read: (input) => readAllowedSigners(input.toString()) },
  {
    name: 'key-ring',
    corpus: [RING],
    cases: 100,
    read: async (input) =>
      (await readKeyRing(input.toString())).map(({ principal, fingerprint }) => ({ principal, fingerprint })),
    // It documents a TypeError with a sentence for the administrator.
    mayThrow: (error) => error instanceof TypeError && /block|keys/.test(error.message),
  },
  {
    name: 'pgp-signature',
    corpus: [PGP],
    cases: 150,
    read: async (input) => await verifyPgpSignature(input.toString(), PAYLOAD, { keys, now: 1_796_000_000_000 }),
  },
  { name: 'ssh-signature', corpus: SSH, read: (input) => verifySshSignature(input.toString(), PAYLOAD) },
  { name: 'ssh-signature-inside', corpus: SSH.map(body), read: (input) => verifySshSignature(armored(input), PAYLOAD) },
  {
    name: 'ssh-public-key',
    corpus: [
      ...blobs.map((blob) => Buffer.from(blob, 'base64')),
      Buffer.concat([sshString('constructor'), sshString('x')]),
    ],
    read: (input) => readSshPublicKey(input)?.type,
  },
  {
    name: 'verification-file',
    isJson: true,
    cases: 100,
    corpus: [
      JSON.stringify({
        mode: 'commits',
        since: 'a'.repeat(40),
        allowedSigners: ALLOWED,
        rules: [{ paths: ['fleet.yaml', 'nodes/**'], signers: 2, principals: ['a'], orMergedBy: ['forge'] }],
      }),
    ],
    read: async (input) => {
      writeFileSync(file, input);
      return (await readTrust(file, () => 0)).verification;
    },
    mayThrow: (error) => error instanceof Error && error.message.startsWith(file),
  },
];
