// Every entry of a tree, judged: what is a plain file, and what must be reported instead of read.

import type { Limits, Oid, TreeEntry } from './engine.ts';
import { GitError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { isFolder, isRegularFile, parseTree, type RawEntry } from './tree-object.ts';

export interface ListingRequest {
  readonly store: ObjectStore;
  readonly limits: Limits;
  /** Parsed trees by id; kept between calls, so that only changed folders are read again. */
  readonly cache: TreeCache;
  /** Folders (without a slash at the end) that are not entered. */
  readonly skip?: ((folder: string) => boolean) | undefined;
}

/** Entries of the tree, sorted by path. Throws TOO_MANY_FILES rather than give a part. */
export async function listTree(tree: Oid, request: ListingRequest): Promise<readonly TreeEntry[]> {
  const { limits } = request;
  const entries: TreeEntry[] = [];
  const folders: { readonly oid: Oid; readonly path: string; readonly depth: number }[] = [
    { oid: tree, path: '', depth: 0 },
  ];
  let visited = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const children = await request.cache.read(request.store, folder.oid);
    visited += children.length;
    if (visited > limits.maxEntries)
      throw new GitError('TOO_MANY_FILES', `The repository has more than ${limits.maxEntries} entries; split it`);
    for (const child of judge(children, folder.path)) {
      if (child.folder === undefined) entries.push(child.entry);
      else if (request.skip?.(child.entry.path) === true) continue;
      else if (folder.depth < limits.maxDepth)
        folders.push({ oid: child.folder, path: `${child.entry.path}/`, depth: folder.depth + 1 });
      else entries.push({ ...child.entry, problem: `lies deeper than ${limits.maxDepth} folders; move it up` });
    }
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** Parsed tree objects, the most recently used ones. */
export class TreeCache {
  readonly #trees = new Map<Oid, readonly RawEntry[]>();
  readonly #max: number;

  constructor(max = 4096) {
    this.#max = max;
  }

  async read(store: ObjectStore, oid: Oid): Promise<readonly RawEntry[]> {
    const known = this.#trees.get(oid);
    const tree = known ?? parseTree((await readTree(store, oid)).content);
    this.#trees.delete(oid);
    this.#trees.set(oid, tree);
    if (this.#trees.size > this.#max) for (const oldest of this.#trees.keys()) return this.#drop(oldest, tree);
    return tree;
  }

  #drop(oldest: Oid, tree: readonly RawEntry[]): readonly RawEntry[] {
    this.#trees.delete(oldest);
    return tree;
  }
}

/** Reads an object that must be a tree. */
export async function readTree(store: ObjectStore, oid: Oid): Promise<{ readonly content: Buffer }> {
  const object = await store.read(oid, MAX_TREE);
  if (object.type === 'tree') return object;
  throw new GitError('STORE_CORRUPT', `Object ${oid} is a ${object.type} where a folder is expected; run git fsck`);
}

const MAX_TREE = 16 * 1024 * 1024;
const MAX_PATH = 4096;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Judged {
  readonly entry: TreeEntry;
  /** The tree to enter. */
  readonly folder?: Oid;
}

function* judge(children: readonly RawEntry[], above: string): Generator<Judged> {
  const seen = new Set<string>();
  for (const child of children) {
    const name = decode(child.name);
    const path = above + (name ?? '');
    const problem = name === undefined ? 'its name is not valid UTF-8; rename it' : nameProblem(name, path, seen);
    if (name !== undefined) seen.add(name);
    if (problem !== undefined) {
      const shown = above + (name === undefined ? escapeBytes(child.name) : escapeText(name));
      yield { entry: { path: shown.slice(0, MAX_PATH), oid: child.oid, type: typeOf(child), problem } };
    } else if (isFolder(child)) yield { entry: { path, oid: child.oid, type: 'other' }, folder: child.oid };
    else yield { entry: { path, oid: child.oid, type: typeOf(child) } };
  }
}

function nameProblem(name: string, path: string, seen: ReadonlySet<string>): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'its name is not a file name; rename it';
  if (/^(\.git|git~\d+)$/i.test(name)) return 'its name is reserved by Git; rename it';
  if (name.includes('/') || name.includes('\\')) return 'its name contains a slash; rename it';
  if (UNPRINTABLE.test(name)) return 'its name contains control characters; rename it';
  if (seen.has(name)) return 'its folder lists the name twice; run git fsck on the repository';
  if (Buffer.byteLength(path) > MAX_PATH) return `its path is longer than ${MAX_PATH} bytes; shorten it`;
  return undefined;
}

// Line breaks and direction marks as well: they forge lines and names in logs and tables.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function typeOf(entry: RawEntry): TreeEntry['type'] {
  if (isRegularFile(entry)) return 'file';
  if (entry.mode === '120000') return 'symlink';
  return entry.mode === '160000' ? 'submodule' : 'other';
}

function decode(name: Buffer): string | undefined {
  try {
    return UTF8.decode(name);
  } catch {
    return undefined;
  }
}

function escapeBytes(name: Buffer): string {
  return name.toString('latin1').replaceAll(/[^\u0020-\u007e]|\\/g, hex);
}

function escapeText(name: string): string {
  return name.replaceAll(new RegExp(UNPRINTABLE, 'g'), hex);
}

function hex(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
