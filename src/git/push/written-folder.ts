// The folder that a process writes again and again: only what differs from the last time is hashed, looked up and written.

import type { Oid } from '../engine.ts';
import { GitError, oneLine } from '../errors.ts';
import type { ObjectStore } from '../object-store.ts';
import { encodeTree, type RawEntry } from '../tree-object.ts';
import { type Place, writeFile } from '../write-tree.ts';

interface Folder {
  readonly files: Map<string, RawEntry>;
  readonly folders: Map<string, Folder>;
  /** As it was written; undefined since something below it changed. */
  oid: Oid | undefined;
}

interface Change {
  readonly path: string;
  /** Undefined for a file that is gone. */
  readonly text: string | undefined;
}

/** Remembers what it wrote to a store, which keeps it. Another store or prefix, or a failure, makes it begin with nothing. */
export class WrittenFolder {
  #store: ObjectStore | undefined;
  #prefix = '';
  #files = new Map<string, string>();
  #root = emptyFolder();

  /** Whether a file of this path was written the last time, below this prefix. */
  has(path: string, prefix: string): boolean {
    return prefix === this.#prefix && this.#files.has(path);
  }

  forget(): void {
    this.#store = undefined;
    this.#files = new Map();
    this.#root = emptyFolder();
  }

  /** Writes a folder that holds exactly `files`, by path below `prefix/`; undefined for no files. Throws BAD_PATH. */
  async write(store: ObjectStore, prefix: string, files: ReadonlyMap<string, string>): Promise<Place | undefined> {
    if (store !== this.#store || prefix !== this.#prefix) this.forget();
    const changes = this.#changes(files);
    try {
      for (const { path, text } of changes) {
        const parts = path.slice(prefix.length + 1).split('/');
        if (text === undefined) remove(this.#root, parts);
        else put(this.#root, parts, (await writeFile(store, text)).oid);
      }
      const oid = await writeTree(store, this.#root);
      for (const { path, text } of changes) {
        if (text === undefined) this.#files.delete(path);
        else this.#files.set(path, text);
      }
      [this.#store, this.#prefix] = [store, prefix];
      return oid === undefined ? undefined : { mode: '40000', oid };
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** What is gone comes first: a folder may take the place of a file. */
  #changes(files: ReadonlyMap<string, string>): readonly Change[] {
    const changes: Change[] = [];
    for (const path of this.#files.keys()) if (!files.has(path)) changes.push({ path, text: undefined });
    for (const [path, text] of files) if (this.#files.get(path) !== text) changes.push({ path, text });
    return changes;
  }
}

function emptyFolder(): Folder {
  return { files: new Map(), folders: new Map(), oid: undefined };
}

function put(root: Folder, parts: readonly string[], oid: Oid): void {
  const name = parts.at(-1) ?? '';
  let folder = root;
  folder.oid = undefined;
  for (const part of parts.slice(0, -1)) {
    if (folder.files.has(part)) throw bothKinds(part);
    const next = folder.folders.get(part) ?? emptyFolder();
    folder.folders.set(part, next);
    folder = next;
    folder.oid = undefined;
  }
  if (folder.folders.has(name)) throw bothKinds(name);
  folder.files.set(name, { mode: '100644', name: Buffer.from(name), oid });
}

/** Folders that become empty vanish. */
function remove(folder: Folder, [name = '', ...rest]: readonly string[]): void {
  folder.oid = undefined;
  const below = folder.folders.get(name);
  if (rest.length === 0) folder.files.delete(name);
  else if (below !== undefined) {
    remove(below, rest);
    if (isEmpty(below)) folder.folders.delete(name);
  }
}

function isEmpty({ files, folders }: Folder): boolean {
  return files.size === 0 && folders.size === 0;
}

async function writeTree(store: ObjectStore, folder: Folder): Promise<Oid | undefined> {
  if (isEmpty(folder)) return undefined;
  if (folder.oid !== undefined) return folder.oid;
  const entries = [...folder.files.values()];
  for (const [name, below] of folder.folders) {
    const oid = await writeTree(store, below);
    if (oid !== undefined) entries.push({ mode: '40000', name: Buffer.from(name), oid });
  }
  folder.oid = await store.write('tree', encodeTree(entries));
  return folder.oid;
}

function bothKinds(name: string): GitError {
  return new GitError('BAD_PATH', `${oneLine(name)} cannot be both a file and a folder`);
}
