// Every entry of a tree, judged: what is a plain file, and what must be reported instead of read.

import type { Limits, Oid, TreeEntry } from './engine.ts';
import { judgeName, tooDeep } from '../lib/entry-name.ts';
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
      else entries.push({ ...child.entry, problem: tooDeep(limits.maxDepth) });
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

interface Judged {
  readonly entry: TreeEntry;
  /** The tree to enter. */
  readonly folder?: Oid;
}

function* judge(children: readonly RawEntry[], above: string): Generator<Judged> {
  const seen = new Set<string>();
  for (const child of children) {
    const { name, path, problem } = judgeName(child.name, above, seen);
    if (name !== undefined) seen.add(name);
    if (problem !== undefined) yield { entry: { path, oid: child.oid, type: typeOf(child), problem } };
    else if (isFolder(child)) yield { entry: { path, oid: child.oid, type: 'other' }, folder: child.oid };
    else yield { entry: { path, oid: child.oid, type: typeOf(child) } };
  }
}

function typeOf(entry: RawEntry): TreeEntry['type'] {
  if (isRegularFile(entry)) return 'file';
  if (entry.mode === '120000') return 'symlink';
  return entry.mode === '160000' ? 'submodule' : 'other';
}
