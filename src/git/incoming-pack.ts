// The pack of one fetch on its way to the disk. isomorphic-git keeps a whole pack in memory and inflates every object in it,
// so the pack is taken out of the server's answer before isomorphic-git sees it, and indexed entry by entry.

import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';

import { asGitError, GitError } from './errors.ts';
import { encodePackIndex } from './encode-pack-index.ts';
import { indexPack, type IndexOptions } from './index-pack.ts';
import { answerTooLarge, FETCH_MESSAGES } from './limits.ts';

/** Bytes of a pack without entries: header and checksum. */
const EMPTY_PACK = 32;
const CHUNK = 256 * 1024;
const MAX_SAID = 1000;
const PACK = 1;
const PROGRESS = 2;
const FATAL = 3;
/** Between lines; isomorphic-git passes over them, with a promise for each. */
const SEPARATORS: ReadonlySet<string> = new Set(['0000', '0001']);

export class IncomingPack {
  readonly #folder: string;
  readonly #path: string;
  readonly #host: string;
  #file: FileHandle | undefined;
  #bytes = 0;
  /** Bytes of the answers that are not the pack. */
  #messages = 0;
  #said = '';
  #error: GitError | undefined;

  /** `host` is for messages. */
  constructor(gitdir: string, host: string) {
    this.#host = host;
    this.#folder = join(gitdir, 'objects', 'pack');
    this.#path = join(this.#folder, 'incoming.tmp');
  }

  /** The last that the server said about its progress. */
  get said(): string {
    return this.#said.split(/[\r\n]+/).findLast((line) => line !== '') ?? '';
  }

  /** The same client, with answers to a fetch that lack the pack. */
  client(http: HttpClient): HttpClient {
    return {
      request: async (request: GitHttpRequest): Promise<GitHttpResponse> => {
        const response = await http.request(request);
        const isFetch = request.method === 'POST' && request.url.endsWith('/git-upload-pack');
        return isFetch && response.body !== undefined ? { ...response, body: this.#divert(response.body) } : response;
      },
    };
  }

  /** Why the answer could not be taken: isomorphic-git takes a broken stream for an ended one. */
  failure(): GitError | undefined {
    return this.#error;
  }

  /** Checks and indexes what arrived, and makes it visible. Throws when a part of it is missing, damaged or too large. */
  async keep(options: IndexOptions): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const file = this.#file;
    if (file === undefined || this.#bytes === 0) return;
    const checksum = await checkedSum(file, this.#bytes);
    if (this.#bytes > EMPTY_PACK) {
      const index = await encodePackIndex(await indexPack(file, this.#bytes, options), checksum);
      const base = join(this.#folder, `pack-${checksum.toString('hex')}`);
      await rename(this.#path, `${base}.pack`);
      await writeFile(`${base}.idx.tmp`, index);
      await rename(`${base}.idx.tmp`, `${base}.idx`);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#path, { force: true });
  }

  /** Takes side bands 1 and 2 and separators out of the packet lines (gitprotocol-pack); everything else stays. */
  async *#divert(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let rest = Buffer.alloc(0);
    for await (const chunk of body) {
      rest = Buffer.concat([rest, chunk]);
      const { kept, pack, said, used, messages } = splitLines(rest);
      this.#count(messages);
      for (const piece of said) this.#said = (this.#said + piece.toString('utf8')).slice(-MAX_SAID);
      for (const piece of pack) await this.#write(piece);
      rest = rest.subarray(used);
      if (kept.length > 0) yield Buffer.concat(kept);
    }
    if (rest.length > 0) yield rest;
  }

  #count(messages: number): void {
    this.#messages += messages;
    if (this.#messages <= FETCH_MESSAGES.maxBytes) return;
    this.#error ??= answerTooLarge(this.#host, FETCH_MESSAGES);
    throw this.#error;
  }

  /** Keeps the first error for later. */
  async #write(piece: Buffer): Promise<void> {
    if (this.#error !== undefined) return;
    try {
      if (this.#file === undefined) await mkdir(this.#folder, { recursive: true });
      this.#file ??= await open(this.#path, 'w+');
      await this.#file.writeFile(piece);
      this.#bytes += piece.length;
    } catch (error) {
      this.#error = asGitError(error, 'Storing a pack');
    }
  }
}

interface Lines {
  readonly kept: Buffer[];
  /** Parts of the pack. */
  readonly pack: Buffer[];
  /** Parts of what the server says. */
  readonly said: Buffer[];
  used: number;
  /** Bytes of lines that are not, or have nothing of, the pack. */
  messages: number;
}

function splitLines(data: Buffer): Lines {
  const lines: Lines = { kept: [], pack: [], said: [], used: 0, messages: 0 };
  while (data.length - lines.used >= 4) {
    const left = data.subarray(lines.used);
    const head = left.toString('latin1', 0, 4);
    // Not a packet line: what follows is for isomorphic-git to refuse.
    const length = /^[0-9a-f]{4}$/i.test(head) ? Math.max(4, Number.parseInt(head, 16)) : left.length;
    if (left.length < length) break;
    if (SEPARATORS.has(head)) lines.messages += length;
    else addLine(left.subarray(0, length), lines);
    lines.used += length;
  }
  return lines;
}

function addLine(line: Buffer, lines: Lines): void {
  const band = line.length > 4 ? line[4] : undefined;
  const content = line.subarray(5);
  if (band === PACK) lines.pack.push(content);
  if (band === PROGRESS || band === FATAL) lines.said.push(content);
  if (band !== PACK && band !== PROGRESS) lines.kept.push(line);
  if (band !== PACK || content.length === 0) lines.messages += line.length;
}

/** The checksum at the end of a pack, when it is that of the bytes before it. */
async function checkedSum(file: FileHandle, size: number): Promise<Buffer> {
  const hash = createHash('sha1');
  const sum = Buffer.alloc(20);
  const buffer = Buffer.alloc(CHUNK);
  for (let at = 0; at < size - sum.length;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - sum.length - at), at);
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    if (bytesRead === 0) break;
  }
  await file.read(sum, 0, sum.length, Math.max(0, size - sum.length));
  if (size >= EMPTY_PACK && hash.digest().equals(sum)) return sum;
  throw new GitError('TRANSFER_INCOMPLETE', 'The server sent a damaged or unfinished pack');
}
