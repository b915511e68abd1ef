// Whether a commit is really here: itself, its whole tree, and its history down to what was here before or to the shallow boundary.

import { parseCommit } from './commit-object.ts';
import type { Oid } from './engine.ts';
import { GitError, oneLine } from './errors.ts';
import { readTree } from './listing.ts';
import type { ObjectStore } from './object-store.ts';
import { isFolder, parseTree } from './tree-object.ts';

/** What earlier checks found out, so that each object is checked once. */
export interface Knowledge {
  /** Trees whose every descendant is here. */
  readonly completeTrees: Set<Oid>;
  /** Parents of commits that are here. */
  readonly parents: Map<Oid, readonly Oid[]>;
  /** Commits whose parents were not fetched. */
  readonly shallow: Set<Oid>;
}

/** Throws OBJECT_MISSING or STORE_CORRUPT when anything that the tip needs is not here. */
export async function verifyTip(store: ObjectStore, known: Knowledge, tip: Oid): Promise<void> {
  const found: Oid[] = [];
  const { tree } = await readCommit(store, tip);
  await verifyTree(store, tree, { complete: known.completeTrees, found });
  await verifyHistory(store, known, tip);
  for (const oid of found) known.completeTrees.add(oid);
}

async function verifyTree(
  store: ObjectStore,
  root: Oid,
  seen: { readonly complete: ReadonlySet<Oid>; readonly found: Oid[] },
): Promise<void> {
  const queue = [root];
  const queued = new Set(queue);
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.complete.has(oid)) continue;
    for (const entry of parseTree((await readTree(store, oid)).content)) {
      if (queued.has(entry.oid) || entry.mode === '160000') continue;
      queued.add(entry.oid);
      if (isFolder(entry)) queue.push(entry.oid);
      else if (!(await store.has(entry.oid)))
        throw new GitError('OBJECT_MISSING', `The content of "${oneLine(entry.name.toString(), 200)}" is missing`);
    }
    seen.found.push(oid);
  }
}

async function verifyHistory(store: ObjectStore, known: Knowledge, tip: Oid): Promise<void> {
  const arrived = new Map<Oid, readonly Oid[]>();
  const queue = [tip];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (known.parents.has(oid) || arrived.has(oid)) continue;
    const { parents } = await readCommit(store, oid);
    arrived.set(oid, parents);
    if (!known.shallow.has(oid)) queue.push(...parents);
  }
  for (const [oid, parents] of arrived) known.parents.set(oid, parents);
}

async function readCommit(store: ObjectStore, oid: Oid): Promise<ReturnType<typeof parseCommit>> {
  const object = await store.read(oid);
  if (object.type !== 'commit') throw new GitError('STORE_CORRUPT', `Object ${oid} is a ${object.type}, not a commit`);
  return parseCommit(oid, object.content);
}
