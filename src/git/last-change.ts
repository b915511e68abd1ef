// Finds the commit that last changed a file, as `git log -1 -- path` does.

import { parseCommit } from './commit-object.ts';
import type { Oid } from './engine.ts';
import { parentsOf, type Generation } from './generation.ts';
import { isFolder } from './tree-object.ts';

const MAX_STEPS = 10_000;

/**
 * The newest commit that gave the file its content: of a merge, the one on the side line that it came from. Where history is
 * not here (the first fetch takes the tip alone) the oldest commit that is. Undefined when there is no such file.
 */
export async function lastChange(generation: Generation, commit: Oid, path: string): Promise<Oid | undefined> {
  const parts = path.split('/').map((part) => Buffer.from(part));
  const content = await entryAt(generation, commit, parts);
  if (content === undefined) return undefined;
  let at = commit;
  for (let step = 0; step < MAX_STEPS; step++) {
    const same = await parentWith(generation, at, { parts, content });
    if (same === undefined) break;
    at = same;
  }
  return at;
}

interface Wanted {
  readonly parts: readonly Buffer[];
  readonly content: Oid;
}

async function parentWith(generation: Generation, commit: Oid, { parts, content }: Wanted): Promise<Oid | undefined> {
  const parents = await parentsOf(generation, commit);
  if (parents === undefined || parents === 'cut') return undefined;
  for (const parent of parents) if ((await entryAt(generation, parent, parts)) === content) return parent;
  return undefined;
}

/** The id at a path; undefined also where commit or folder are not here. */
async function entryAt({ store, trees }: Generation, commit: Oid, parts: readonly Buffer[]): Promise<Oid | undefined> {
  if (!(await store.has(commit))) return undefined;
  let oid = parseCommit(commit, (await store.read(commit)).content).tree;
  for (const [index, part] of parts.entries()) {
    if (!(await store.has(oid))) return undefined;
    const entry = (await trees.read(store, oid)).find(({ name }) => name.equals(part));
    if (entry === undefined || isFolder(entry) !== index < parts.length - 1) return undefined;
    oid = entry.oid;
  }
  return oid;
}
