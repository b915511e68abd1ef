// Commit objects: bytes to facts and back, with the signature cut out of the very bytes that were signed.

import type { CommitInfo, CommitRequest, CommitSignature, Oid } from './engine.ts';
import { GitError, oneLine } from './errors.ts';

const MAX_MESSAGE = 64 * 1024;

/** What a commit's content says. Untrusted text is made safe: see the limits in CommitInfo. */
export function parseCommit(oid: Oid, content: Buffer): CommitInfo {
  const { headers, body } = split(content);
  const tree = valueOf(headers, 'tree') ?? '';
  const parents = headers.filter((header) => header.name === 'parent').map((header) => header.value);
  if (![tree, ...parents].every((id) => /^[0-9a-f]{40}$/.test(id)))
    throw new GitError('STORE_CORRUPT', `Commit ${oid} is malformed; check the repository with git fsck`);
  const text = decoderOf(valueOf(headers, 'encoding'));
  const author = text(Buffer.from(valueOf(headers, 'author') ?? '', 'latin1'));
  const [, who = author, seconds = '0'] = /^(.*) (-?\d{1,15}) [+-]\d{1,15}$/s.exec(author) ?? [];
  const message = text(body.subarray(0, MAX_MESSAGE));
  return {
    oid,
    tree,
    parents,
    author: oneLine(who, 200),
    authoredAt: Number(seconds),
    subject: oneLine(message.trimStart().split('\n', 1)[0] ?? '', 200),
    message,
  };
}

/** The signature of a commit and the bytes it covers: the object without the signature header. */
export function signatureOf(content: Buffer): CommitSignature | undefined {
  const { headers, body } = split(content);
  const signature = valueOf(headers, 'gpgsig');
  if (signature === undefined) return undefined;
  // Git signs the commit before either signature header is put in.
  const rest = headers.filter((header) => header.name !== 'gpgsig' && header.name !== 'gpgsig-sha256');
  const lines = rest.map((header) => `${header.name} ${header.value.replaceAll('\n', '\n ')}\n`);
  const payload = Buffer.concat([Buffer.from(`${lines.join('')}\n`, 'latin1'), body]);
  return { payload, signature, format: signature.includes('SSH SIGNATURE') ? 'ssh' : 'pgp' };
}

/** A commit's content. Names and message are the caller's: line breaks in a name are taken out, so no header can be forged. */
export function encodeCommit(commit: CommitRequest & { readonly tree: Oid; readonly parents: readonly Oid[] }): Buffer {
  const clean = (text: string): string => oneLine(text, 200).replaceAll(/[<>]/g, '');
  const person = `${clean(commit.author.name)} <${clean(commit.author.email)}> ${Math.floor(commit.at)} +0000`;
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${person}`,
    `committer ${person}`,
    '',
    commit.message.replaceAll('\0', '').trimEnd(),
    '',
  ];
  return Buffer.from(lines.join('\n'));
}

/** The same commit with a signature header, as git itself places it: last, before the empty line. */
export function withSignature(content: Buffer, signature: string): Buffer {
  const end = content.indexOf('\n\n');
  const header = `\ngpgsig ${signature.trimEnd().replaceAll('\n', '\n ')}`;
  return Buffer.concat([content.subarray(0, end), Buffer.from(header), content.subarray(end)]);
}

interface Header {
  readonly name: string;
  /** Bytes as latin1, continuation lines joined by line breaks. */
  readonly value: string;
}

function valueOf(headers: readonly Header[], name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value;
}

function split(content: Buffer): { headers: readonly Header[]; body: Buffer } {
  const end = content.indexOf('\n\n');
  const head = content.subarray(0, end < 0 ? content.length : end).toString('latin1');
  const headers = head
    .replace(/\n$/, '')
    .split(/\n(?! )/)
    .map((line) => {
      const space = line.indexOf(' ');
      return { name: line.slice(0, space), value: line.slice(space + 1).replaceAll('\n ', '\n') };
    });
  return { headers, body: end < 0 ? Buffer.alloc(0) : content.subarray(end + 2) };
}

/** Reads the texts of a commit: UTF-8 unless the commit names another encoding (git-commit, i18n.commitEncoding). */
function decoderOf(encoding = 'utf-8'): (bytes: Buffer) => string {
  try {
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return (bytes) => decoder.decode(bytes);
  } catch {
    return (bytes) => bytes.toString('utf8');
  }
}
