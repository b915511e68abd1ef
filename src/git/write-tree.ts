// Builds trees without a work tree: whole folders from texts, and one changed place in a tree that is otherwise kept.

import type { Oid } from './engine.ts';
import { GitError, oneLine } from './errors.ts';
import { readTree } from './listing.ts';
import type { ObjectStore } from './object-store.ts';
import { encodeTree, isFolder, parseTree, type RawEntry } from './tree-object.ts';

/** What stands at a path: a blob or a tree. */
export interface Place {
  readonly mode: '100644' | '40000';
  readonly oid: Oid;
}

export async function writeFile(store: ObjectStore, text: string): Promise<Place> {
  return { mode: '100644', oid: await store.write('blob', Buffer.from(text)) };
}

/**
 * The tree with `place` at `path` and everything else byte for byte as it was; undefined removes what is there.
 * Folders that become empty vanish; a file that stands where a folder is needed gives way.
 */
export async function graft(
  store: ObjectStore,
  tree: Oid | undefined,
  at: { readonly path: readonly string[]; readonly place: Place | undefined },
): Promise<Oid | undefined> {
  const [name, ...rest] = at.path;
  if (name === undefined) return at.place?.oid;
  const entries = tree === undefined ? [] : parseTree((await readTree(store, tree)).content);
  const bytes = Buffer.from(name);
  const old = entries.find((entry) => entry.name.equals(bytes));
  let place = at.place;
  if (rest.length > 0) {
    const folder = old !== undefined && isFolder(old) ? old.oid : undefined;
    const oid = await graft(store, folder, { path: rest, place });
    place = oid === undefined ? undefined : { mode: '40000', oid };
  }
  const kept = entries.filter((entry) => !entry.name.equals(bytes));
  const next = place === undefined ? kept : [...kept, entryOf(name, place)];
  return next.length === 0 ? undefined : store.write('tree', encodeTree(next));
}

/** The parts of a path that may be written. Throws BAD_PATH. */
export function checkPath(path: string): readonly string[] {
  const parts = path.split('/');
  const bad = parts.some((part) => /^(|\.|\.\.|\.git|git~\d+)$/i.test(part) || /[\u0000-\u001f\u007f\\]/.test(part));
  if (bad || Buffer.byteLength(path) > 4096)
    throw new GitError('BAD_PATH', `${JSON.stringify(oneLine(path, 100))} is no path that can be written`);
  return parts;
}

function entryOf(name: string, place: Place): RawEntry {
  return { mode: place.mode, name: Buffer.from(name), oid: place.oid };
}
