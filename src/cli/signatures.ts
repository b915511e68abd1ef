// The keys that `nodewright run` is given: whose signatures it accepts, and the key that it signs with.

import { readFile, stat } from 'node:fs/promises';

import { parseDocument } from 'yaml';

import { createSshSigner, type Signer } from '../signatures/ssh-signer.ts';
import { Verification } from '../signatures/verification-file.ts';
import { createVerifier, type Trust } from '../signatures/verifier.ts';

const MAX_BYTES = 8 * 1024 * 1024;

/** Reads a verification file. Throws an error that names the file, the field and what to do; a partly good file is refused. */
export async function readTrust(file: string, now: () => number): Promise<Trust> {
  const document = parseDocument(await readSmall(file, '--verification'), { uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new Error(`${file} is not valid YAML: ${syntax.message.split('\n', 1)[0] ?? ''}`);
  const parsed = Verification.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
    throw new Error(`${file} is not a verification file: ${issues.join('; ')}`);
  }
  const made = await createVerifier(parsed.data, now);
  if (!made.ok) throw new Error(`${file}: ${made.problems.join('; ')}`);
  return { verification: parsed.data, verify: made.verify };
}

/** Reads an Ed25519 private key without passphrase. The error holds no part of the key. */
export async function readSigner(file: string): Promise<Signer> {
  return createSshSigner(await readSmall(file, '--signing-key-file'));
}

async function readSmall(file: string, optionName: string): Promise<string> {
  const unreadable = (cause: unknown): never => {
    throw new Error(`the file of ${optionName} cannot be read`, { cause });
  };
  const { size } = await stat(file).catch(unreadable);
  if (size > MAX_BYTES) throw new Error(`the file of ${optionName} is larger than ${MAX_BYTES} bytes`);
  return await readFile(file, 'utf8').catch(unreadable);
}
