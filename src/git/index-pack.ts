// Which objects a pack on disk holds. Entries are judged by their headers before anything is inflated: a large object is
// hashed in a stream, and what would need more memory or time than the limits allow ends the fetch.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import type { IndexedEntries } from './encode-pack-index.ts';
import { GitError } from './errors.ts';
import { MAX_OBJECT_BYTES, MAX_PACK_OBJECTS } from './limits.ts';
import type { ObjectStore } from './object-store.ts';
import { Turns } from './pack/turns.ts';
import { applyDeltaInSteps, deltaResultSize, parseEntryHeader, type EntryHeader } from './pack-entry.ts';
import { PackReader } from './pack-reader.ts';
import { type GitObject, RecentObjects } from './recent-objects.ts';

export interface IndexOptions {
  /** Where bases that the pack does not hold are read from. */
  readonly store: Pick<ObjectStore, 'has' | 'read'>;
  readonly signal: AbortSignal;
}

/** An object up to this size is inflated at once; a larger one is hashed in a stream. */
const MAX_AT_ONCE = 1024 * 1024;
/** Bytes that all objects of a fetch may have, deltas resolved: hashing them takes a minute. */
const MAX_INFLATED = 16 * 1024 ** 3;
const OID = 20;
const HEADER = 12;

/** Reads all entries of the pack of `size` bytes. Throws TOO_LARGE, STORE_CORRUPT or TRANSFER_INCOMPLETE. */
export async function indexPack(file: FileHandle, size: number, options: IndexOptions): Promise<IndexedEntries> {
  const reader = new PackReader(file, size - OID);
  const indexer = new Indexer(reader, await countOf(reader, size), options);
  await indexer.readEntries();
  await indexer.resolveDeltas();
  return indexer;
}

async function countOf(reader: PackReader, size: number): Promise<number> {
  const header = await reader.slice(0, HEADER);
  const count = header.length === HEADER ? header.readUInt32BE(8) : 0;
  // An entry has at least nine bytes, so that a false number allocates nothing.
  if (header.toString('latin1', 0, 4) !== 'PACK' || count * 9 > size || size > 2 ** 31) throw damaged();
  if (count > MAX_PACK_OBJECTS)
    throw new GitError('TOO_LARGE', `The server sent ${count} objects at once; remove old history from the repository`);
  return count;
}

/** One step down a chain of deltas. */
interface Link {
  readonly delta?: Buffer;
  /** The end of the chain; or where the base of the delta starts in this pack; undefined while that is not known. */
  readonly below: GitObject | number | undefined;
}

class Indexer implements IndexedEntries {
  readonly starts: Uint32Array;
  readonly ids: Buffer;
  readonly checksums: Uint32Array;
  readonly #reader: PackReader;
  readonly #options: IndexOptions;
  readonly #recent = new RecentObjects(MAX_OBJECT_BYTES);
  readonly #turns = new Turns();
  #deltas: number[] = [];
  #inflated = 0;

  constructor(reader: PackReader, count: number, options: IndexOptions) {
    this.#reader = reader;
    this.#options = options;
    this.starts = new Uint32Array(count);
    this.ids = Buffer.alloc(count * OID);
    this.checksums = new Uint32Array(count);
  }

  async readEntries(): Promise<void> {
    let at = HEADER;
    for (let entry = 0; entry < this.starts.length; entry++) {
      await this.#pause();
      this.starts[entry] = at;
      const head = parseEntryHeader(await this.#reader.slice(at, 64));
      const end = await this.#readEntry(entry, at + head.dataAt, head);
      this.checksums[entry] = await this.#reader.checksum(at, end);
      at = end;
    }
    if (at !== this.#reader.size) throw damaged();
  }

  /** Objects at once; a delta when its base is known. Bases that come later than their deltas need more than one round. */
  async resolveDeltas(): Promise<void> {
    while (this.#deltas.length > 0) {
      const before = this.#deltas.length;
      const byId = await this.#idsOfBases();
      const later: number[] = [];
      for (const entry of this.#deltas) {
        await this.#pause();
        const object = await this.#resolve(this.starts[entry] ?? 0, byId);
        if (object === undefined) later.push(entry);
        else this.#name(entry, object);
      }
      this.#deltas = later;
      if (later.length === before) throw damaged();
    }
  }

  /** Where the compressed data of an entry ends. */
  async #readEntry(entry: number, dataAt: number, head: EntryHeader): Promise<number> {
    this.#spend(head.size);
    if (head.kind !== 'object') {
      const { content, end } = await this.#reader.inflate(dataAt, head.size);
      const result = deltaResultSize(await this.#reader.slice(dataAt, 1024));
      if (Math.max(content.length, result) > MAX_OBJECT_BYTES) throw tooLarge(result);
      this.#deltas.push(entry);
      return end;
    }
    if (head.size > MAX_AT_ONCE) {
      const hash = createHash('sha1').update(`${head.type} ${head.size}\0`);
      const end = await this.#reader.inflateInto(dataAt, head.size, (chunk) => hash.update(chunk));
      hash.digest().copy(this.ids, entry * OID);
      return end;
    }
    const { content, end } = await this.#reader.inflate(dataAt, head.size);
    this.#name(entry, { type: head.type, content });
    return end;
  }

  /** The object of an entry, by the chain of deltas down to its base; undefined while the base has no name yet. */
  async #resolve(start: number, byId: ReadonlyMap<string, number>): Promise<GitObject | undefined> {
    const chain: { readonly at: number; readonly delta: Buffer }[] = [];
    let below: Link['below'] = start;
    while (typeof below === 'number') {
      await this.#pause();
      const link: Link = await this.#readLink(below, byId);
      if (link.delta !== undefined) chain.push({ at: below, delta: link.delta });
      ({ below } = link);
    }
    if (below === undefined) return undefined;
    let object = below;
    for (const { at, delta } of chain.toReversed()) {
      const content = await this.#apply(object.content, delta);
      this.#spend(content.length);
      object = this.#remember(at, { type: object.type, content });
    }
    return object;
  }

  async #readLink(at: number, byId: ReadonlyMap<string, number>): Promise<Link> {
    const recent = this.#recent.get(String(at));
    if (recent !== undefined) return { below: recent };
    const head = parseEntryHeader(await this.#reader.slice(at, 64));
    if (head.size > MAX_OBJECT_BYTES) throw tooLarge(head.size);
    const { content } = await this.#reader.inflate(at + head.dataAt, head.size);
    this.#spend(head.size);
    if (head.kind === 'object') return { below: this.#remember(at, { type: head.type, content }) };
    const next = head.kind === 'offset-delta' ? at - head.distance : byId.get(head.base);
    if (next !== undefined) return { delta: content, below: this.#checkStart(next) };
    return { delta: content, below: head.kind === 'ref-delta' ? await this.#external(head.base) : undefined };
  }

  /** The data is mostly in memory, where nothing else gives others a turn. */
  async #pause(): Promise<void> {
    this.#options.signal.throwIfAborted();
    await this.#turns.give();
  }

  async #apply(base: Buffer, delta: Buffer): Promise<Buffer> {
    const work = applyDeltaInSteps(base, delta);
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      await this.#pause();
    }
  }

  async #external(oid: string): Promise<GitObject | undefined> {
    return (await this.#options.store.has(oid)) ? await this.#options.store.read(oid) : undefined;
  }

  #remember(at: number, object: GitObject): GitObject {
    this.#recent.set(String(at), object);
    return object;
  }

  /** A chain must lead to entries that were read, and ends because each step of an offset leads back. */
  #checkStart(at: number): number {
    let [low, high] = [0, this.starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    if (this.starts[low] !== at) throw damaged();
    return at;
  }

  /** Names that deltas by name refer to; empty when the server sent deltas by offset only, as it was asked to. */
  async #idsOfBases(): Promise<ReadonlyMap<string, number>> {
    const bases = new Map<string, number>();
    for (const entry of this.#deltas) {
      await this.#pause();
      const head = parseEntryHeader(await this.#reader.slice(this.starts[entry] ?? 0, 64));
      if (head.kind === 'ref-delta') bases.set(head.base, -1);
    }
    const found = new Map<string, number>();
    if (bases.size === 0) return found;
    const unnamed = new Set(this.#deltas);
    for (const [entry, start] of this.starts.entries()) {
      if (entry % 1000 === 0) await this.#pause();
      // A delta that has no name yet must not be found under the name of zeros.
      if (unnamed.has(entry)) continue;
      const oid = this.ids.toString('hex', entry * OID, (entry + 1) * OID);
      if (bases.has(oid)) found.set(oid, start);
    }
    return found;
  }

  #name(entry: number, { type, content }: GitObject): void {
    createHash('sha1')
      .update(`${type} ${content.length}\0`)
      .update(content)
      .digest()
      .copy(this.ids, entry * OID);
  }

  #spend(bytes: number): void {
    this.#inflated += bytes;
    if (this.#inflated > MAX_INFLATED) throw tooLarge(this.#inflated);
  }
}

function damaged(): GitError {
  return new GitError('TRANSFER_INCOMPLETE', 'The server sent a damaged or unfinished pack');
}

function tooLarge(bytes: number): GitError {
  return new GitError(
    'TOO_LARGE',
    `The repository holds objects that are too large to be read (${bytes} bytes); remove large files from it`,
  );
}
