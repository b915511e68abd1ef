// Reads and writes Git objects of one bare repository: packs and loose objects, every read checked against its id.
// isomorphic-git fetches and pushes; reading is ours, because only so is the size known before anything is inflated,
// are names seen as bytes, and is the memory that a read takes bounded by the object instead of by the pack.

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deflateSync, inflateSync, constants } from 'node:zlib';

import { asGitError, GitError } from './errors.ts';
import { applyDelta, ENOUGH_FOR_START, inflateExactly, type EntryHeader, type ObjectType } from './pack-entry.ts';
import { MAX_OBJECT_BYTES } from './limits.ts';
import { FilePages } from './pack/pages.ts';
import { type EntryLimits, readEntry, tooLarge } from './pack/read-entry.ts';
import { parsePackIndex, type PackIndex } from './pack-index.ts';
import { type GitObject, RecentObjects } from './recent-objects.ts';

interface Pack {
  /** Without the extension. */
  readonly path: string;
  readonly index: PackIndex;
  readonly file: FilePages;
}

interface DeltaPlace {
  readonly head: Exclude<EntryHeader, { readonly kind: 'object' }>;
  readonly pack: Pack;
  readonly start: number;
  readonly depth: number;
}

const MAX_CHAIN = 4096;
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

export class ObjectStore {
  readonly #objects: string;
  /** Folders of objects: our own, then those that it borrows from. */
  readonly #folders: readonly string[];
  #packs: readonly Pack[] = [];
  readonly #recent = new RecentObjects(16 * 1024 * 1024);
  #written = 0;

  /** `alternates` are object folders of other repositories (objects/info/alternates). */
  constructor(gitdir: string, alternates: readonly string[] = []) {
    this.#objects = join(gitdir, 'objects');
    this.#folders = [this.#objects, ...alternates];
  }

  /** Number of packs that are open. */
  get packs(): number {
    return this.#packs.length;
  }

  /** Number of loose objects written by this process. */
  get written(): number {
    return this.#written;
  }

  /** Opens packs that are new on disk and closes those that are gone. Throws STORE_CORRUPT for a damaged index. */
  async refresh(): Promise<void> {
    const known = new Map(this.#packs.map((pack) => [pack.path, pack]));
    const opened: Pack[] = [];
    for (const folder of this.#folders.toReversed())
      for (const name of await packNames(folder)) {
        const path = join(folder, 'pack', name);
        opened.push(known.get(path) ?? (await openPack(path)));
      }
    const gone = this.#packs.filter((pack) => !opened.includes(pack));
    // Newest objects are asked for most, and lie in the pack that came last.
    this.#packs = opened;
    if (gone.length > 0) this.#recent.clear();
    for (const pack of gone) await pack.file.close();
  }

  async close(): Promise<void> {
    const packs = this.#packs;
    this.#packs = [];
    for (const pack of packs) await pack.file.close();
  }

  /** Whether an object is here: by the pack indexes, or as a loose file. */
  async has(oid: string): Promise<boolean> {
    if (oid === EMPTY_TREE || this.#find(oid) !== undefined) return true;
    return (await this.#findLoose(oid)) !== undefined;
  }

  /** An object of at most `maxBytes`. Throws OBJECT_MISSING, FILE_TOO_LARGE (before inflating it) or STORE_CORRUPT. */
  async read(oid: string, maxBytes: number = MAX_OBJECT_BYTES): Promise<GitObject> {
    if (oid === EMPTY_TREE) return { type: 'tree', content: Buffer.alloc(0) };
    return await this.#readAny(oid, { maxBytes, depth: 0 });
  }

  async #readAny(oid: string, { maxBytes, depth }: Pick<EntryLimits, 'maxBytes' | 'depth'>): Promise<GitObject> {
    const place = this.#find(oid);
    const object =
      place === undefined
        ? await readLoose((await this.#findLoose(oid)) ?? this.#loosePath(oid), oid, maxBytes)
        : await this.#readEntry(place.pack, place.start, { maxBytes, end: place.end, depth });
    if (objectId(object.type, object.content) !== oid)
      throw new GitError('STORE_CORRUPT', `Object ${oid} is damaged on disk; the store is fetched again`);
    return object;
  }

  /** Writes a loose object unless it is here already. Atomic: a crash leaves no half object under its name. */
  async write(type: ObjectType, content: Buffer): Promise<string> {
    const oid = objectId(type, content);
    if (await this.has(oid)) return oid;
    const path = this.#loosePath(oid);
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(temporary, deflateSync(Buffer.concat([header(type, content), content]), { level: 1 }));
      await rename(temporary, path);
      this.#written += 1;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw asGitError(error, 'Writing an object');
    }
    return oid;
  }

  #find(oid: string): { pack: Pack; start: number; end: number } | undefined {
    for (let i = this.#packs.length - 1; i >= 0; i--) {
      const pack = this.#packs[i];
      const range = pack?.index.find(oid);
      if (pack !== undefined && range !== undefined) return { pack, ...range };
    }
    return undefined;
  }

  async #readEntry(pack: Pack, start: number, limits: EntryLimits): Promise<GitObject> {
    const { maxBytes, depth } = limits;
    const key = `${pack.path}:${start}`;
    const recent = this.#recent.get(key);
    if (recent !== undefined && recent.content.length <= maxBytes) return recent;
    if (depth > MAX_CHAIN)
      throw new GitError('STORE_CORRUPT', 'A chain of deltas has no end; the store is fetched again');
    const { head, data } = await readEntry(pack.file, start, limits);
    const object =
      head.kind === 'object'
        ? { type: head.type, content: data }
        : await this.#applyDelta(data, { head, pack, start, depth: depth + 1 });
    this.#recent.set(key, object);
    return object;
  }

  async #applyDelta(delta: Buffer, { head, pack, start, depth }: DeltaPlace): Promise<GitObject> {
    const limits = { maxBytes: MAX_OBJECT_BYTES, depth };
    const base =
      head.kind === 'ref-delta'
        ? await this.#readAny(head.base, limits)
        : await this.#readEntry(pack, start - head.distance, { ...limits, end: start });
    return { type: base.type, content: applyDelta(base.content, delta) };
  }

  async #findLoose(oid: string): Promise<string | undefined> {
    for (const folder of this.#folders) {
      const path = this.#loosePath(oid, folder);
      if ((await stat(path).catch(() => undefined)) !== undefined) return path;
    }
    return undefined;
  }

  #loosePath(oid: string, folder = this.#objects): string {
    return join(folder, oid.slice(0, 2), oid.slice(2));
  }
}

/** The id of an object: SHA-1 of `<type> <length>\0<content>`. */
export function objectId(type: ObjectType, content: Buffer): string {
  return createHash('sha1').update(header(type, content)).update(content).digest('hex');
}

/** Names (`pack-<checksum>`) of the packs that have an index, in stable order. */
export async function packNames(objects: string): Promise<readonly string[]> {
  const files = await readdir(join(objects, 'pack')).catch(() => []);
  const names = files.filter((file) => file.endsWith('.idx')).map((file) => file.slice(0, -'.idx'.length));
  return names.toSorted();
}

async function openPack(path: string): Promise<Pack> {
  const file = await open(`${path}.pack`).catch((error: unknown) => {
    throw new GitError('STORE_CORRUPT', `${basename(path)} has an index but no pack; the store is fetched again`, {
      cause: error,
    });
  });
  try {
    const { size } = await file.stat();
    return { path, file: new FilePages(file), index: parsePackIndex(await readFile(`${path}.idx`), size) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readLoose(path: string, oid: string, maxBytes: number): Promise<GitObject> {
  const deflated = await readFile(path).catch((error: unknown) => {
    throw new GitError('OBJECT_MISSING', `Object ${oid} is not in the store; fetch the branch again`, { cause: error });
  });
  try {
    const head = parseLooseHeader(deflated);
    if (head !== undefined && head.size > maxBytes) throw tooLarge(head.size, maxBytes);
    if (head !== undefined)
      return { type: head.type, content: inflateExactly(deflated, head.dataAt + head.size).subarray(head.dataAt) };
  } catch (error) {
    if (error instanceof GitError && error.code === 'FILE_TOO_LARGE') throw error;
    throw new GitError('STORE_CORRUPT', `Object ${oid} is damaged on disk; the store is fetched again`, {
      cause: error,
    });
  }
  throw new GitError('STORE_CORRUPT', `Object ${oid} has no header; the store is fetched again`);
}

const TYPES: readonly ObjectType[] = ['commit', 'tree', 'blob', 'tag'];

function parseLooseHeader(
  deflated: Buffer,
): { readonly type: ObjectType; readonly size: number; readonly dataAt: number } | undefined {
  const start = inflateSync(deflated.subarray(0, ENOUGH_FOR_START), { finishFlush: constants.Z_SYNC_FLUSH });
  const [prefix = '', name, size] = /^([a-z]+) (\d+)\0/.exec(start.toString('latin1')) ?? [];
  const type = TYPES.find((known) => known === name);
  return type === undefined ? undefined : { type, size: Number(size), dataAt: prefix.length };
}

function header(type: ObjectType, content: Buffer): Buffer {
  return Buffer.from(`${type} ${content.length}\0`);
}
