// Whether a commit is really here: itself, its whole tree, and its history down to what was here before or to the shallow boundary.

import { parseCommit } from './commit-object.ts';
import type { Oid } from './engine.ts';
import { GitError, oneLine } from './errors.ts';
import { MAX_COMMIT_BYTES } from './limits.ts';
import { readTree } from './listing.ts';
import type { ObjectStore } from './object-store.ts';
import { Turns } from './pack/turns.ts';
import type { GitObject } from './recent-objects.ts';
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
  const turns = new Turns();
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.complete.has(oid)) continue;
    for (const [at, entry] of parseTree((await readTree(store, oid)).content).entries()) {
      if (at % 100 === 0) await turns.give();
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
  const turns = new Turns();
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    await turns.give();
    if (known.parents.has(oid) || arrived.has(oid)) continue;
    const { parents } = await readCommit(store, oid);
    arrived.set(oid, parents);
    if (!known.shallow.has(oid)) queue.push(...parents);
  }
  for (const [oid, parents] of arrived) known.parents.set(oid, parents);
}

/** A commit, or a tag where a revision may name one. Throws TOO_LARGE for one that is too long to be read. */
export async function readCommitObject(store: Pick<ObjectStore, 'read'>, oid: Oid): Promise<GitObject> {
  try {
    return await store.read(oid, MAX_COMMIT_BYTES);
  } catch (error) {
    if (!(error instanceof GitError) || error.code !== 'FILE_TOO_LARGE') throw error;
    throw new GitError('TOO_LARGE', `Commit ${oid} is longer than ${MAX_COMMIT_BYTES} bytes; shorten its message`);
  }
}

async function readCommit(store: ObjectStore, oid: Oid): Promise<ReturnType<typeof parseCommit>> {
  const object = await readCommitObject(store, oid);
  if (object.type !== 'commit') throw new GitError('STORE_CORRUPT', `Object ${oid} is a ${object.type}, not a commit`);
  return parseCommit(oid, object.content);
}
