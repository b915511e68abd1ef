// The allowed-signers file of SSH (ssh-keygen(1), ALLOWED SIGNERS), as `git` uses it in gpg.ssh.allowedSignersFile.

import { redactedLine } from '../lib/redact.ts';
import { readSshPublicKey } from './ssh-key.ts';

export interface AllowedSigner {
  /** Who signs with the key, the first principal of the line: `alice@example.com`. */
  readonly principal: string;
  /** `ssh-ed25519 AAAA…` */
  readonly key: string;
  /** Milliseconds since the epoch; the key counts from here on. */
  readonly validAfter: number | undefined;
  /** Milliseconds since the epoch; the key counts until here. */
  readonly validBefore: number | undefined;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** `line 3: …`, one for each line that cannot be used. */
  readonly problems: readonly string[];
}

const MAX_LINES = 10_000;
const MAX_PROBLEM = 200;

/** Reads every line; a line with a problem accepts nothing. */
export function readAllowedSigners(text: string): AllowedSigners {
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_LINES) return { signers: [], problems: [`more than ${MAX_LINES} lines`] };
  const read = lines.map((line, index) => readLine(line, index + 1));
  return {
    signers: read.flatMap((result) => (typeof result === 'object' ? [result] : [])),
    problems: read.flatMap((result) => (typeof result === 'string' ? [result] : [])),
  };
}

function readLine(line: string, number: number): AllowedSigner | string | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const signer = readSigner(text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []);
  return typeof signer === 'string' ? `line ${number}: ${redactedLine(signer, MAX_PROBLEM)}` : signer;
}

/** The signer of a line, or why it accepts nothing. */
function readSigner([principals = '', ...words]: readonly string[]): AllowedSigner | string {
  const [first = ''] = words;
  const hasOptions = !isKeyType(first);
  const options = readOptions(hasOptions ? first : '');
  if (!options.ok) return options.because;
  const key = readKey(words.slice(hasOptions ? 1 : 0));
  if (key === undefined) return NO_KEY;
  const [principal = ''] = principals.replaceAll('"', '').split(',');
  if (principal === '' || /[*?!]/.test(principal))
    return `"${principal}" is a pattern; name one principal, because signers are counted by it`;
  return { principal, key, validAfter: options.validAfter, validBefore: options.validBefore };
}

const NO_KEY =
  'no supported public key; write `<principal> <type> <key>` with Ed25519, ECDSA or RSA of 2048 bits or more';

function readKey([type = '', base64 = '']: readonly string[]): string | undefined {
  const key = readSshPublicKey(Buffer.from(base64, 'base64'));
  return key?.type === type ? `${type} ${base64}` : undefined;
}

function isKeyType(word: string): boolean {
  return /^(ssh-|ecdsa-sha2-|sk-)/.test(word);
}

type Options =
  | { readonly ok: true; readonly validAfter?: number | undefined; readonly validBefore?: number | undefined }
  | { readonly ok: false; readonly because: string };

function readOptions(text: string): Options {
  let options: Extract<Options, { ok: true }> = { ok: true };
  for (const option of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const [name = '', quoted = ''] = option.split(/=(.*)/s);
    const read = readOption(name, quoted.replaceAll('"', ''));
    if (!read.ok) return read;
    options = { ...options, ...read };
  }
  return options;
}

function readOption(name: string, value: string): Options {
  switch (name) {
    case 'namespaces':
      return value.split(',').includes('git')
        ? { ok: true }
        : { ok: false, because: `namespaces="${value}" does not include git` };
    case 'valid-after':
      return readLimit(name, value, (validAfter) => ({ ok: true, validAfter }));
    case 'valid-before':
      return readLimit(name, value, (validBefore) => ({ ok: true, validBefore }));
    default:
      return { ok: false, because: `the option "${name}" is not supported` };
  }
}

function readLimit(name: string, value: string, accept: (time: number) => Options): Options {
  const time = readTime(value);
  if (time !== undefined) return accept(time);
  return { ok: false, because: `${name}="${value}" is no time; write YYYYMMDD or YYYYMMDDHHMMSSZ` };
}

/** `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in UTC whether or not a Z follows. */
function readTime(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, ...clock] = match.slice(1).map((part) => Number(part ?? 0));
  const time = new Date(Date.UTC(year, month - 1, day, ...clock));
  const isReal = time.getUTCMonth() === month - 1 && time.getUTCDate() === day;
  return isReal ? time.getTime() : undefined;
}
