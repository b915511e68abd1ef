// The keys that `nodewright run` is given: whose signatures it accepts, and the key that it signs with.

import { readFile, stat } from 'node:fs/promises';

import { parseDocument } from 'yaml';

import { describeError } from '../../lib/errors.ts';
import { redactedLine } from '../../lib/redact.ts';
import { createSshSigner, type Signer } from '../../signatures/ssh-signer.ts';
import { Verification } from '../../signatures/verification-file.ts';
import { createVerifier, type Trust } from '../../signatures/verifier.ts';

const MAX_BYTES = 8 * 1024 * 1024;

/** Reads a verification file. Throws an error that names the file, the field and what to do; a partly good file is refused. */
export async function readTrust(file: string, now: () => number): Promise<Trust> {
  const parsed = Verification.safeParse(parse(file, await readSmall(file, '--verification')) ?? {});
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}`,
    );
    throw new Error(`${file} is not a verification file: ${listed(issues)}`);
  }
  const made = await createVerifier(parsed.data, now);
  if (!made.ok) throw new Error(`${file}: ${listed(made.problems)}`);
  return { verification: parsed.data, verify: made.verify };
}

/** Two keys of one name are an error: which of them counts would be a guess. */
function parse(file: string, text: string): unknown {
  try {
    const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, logLevel: 'silent' });
    const [syntax] = document.errors;
    if (syntax !== undefined) throw syntax;
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new Error(`${file} is not valid YAML: ${showable(describeError(error))}`, { cause: error });
  }
}

/** The first problems; a file for something else may have thousands. */
function listed(problems: readonly string[]): string {
  const more = problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more`] : [];
  return [...problems.slice(0, MAX_PROBLEMS).map(showable), ...more].join('; ');
}

const MAX_PROBLEMS = 5;

/** Names and values of the file may be in a message. */
function showable(message: string): string {
  return redactedLine(message.slice(0, 2000), 300);
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
