// Texts of many files at once, each blob read once.

import type { Limits, Oid, TreeEntry } from './engine.ts';
import { GitError } from './errors.ts';
import { mapAtMost } from './map-at-most.ts';
import type { ObjectStore } from './object-store.ts';

const AT_ONCE = 16;
const MAX_KEPT = 20_000;

/** Blob texts by id, kept while they fit. */
export type TextCache = Map<Oid, string>;

/** Path to text of the plain files among `entries`. A file beyond the limit fails the read, or is left out when `lenient`. */
export async function readTexts(
  store: ObjectStore,
  entries: readonly TreeEntry[],
  options: { readonly limits: Limits; readonly cache: TextCache; readonly lenient: boolean },
): Promise<ReadonlyMap<string, string>> {
  const files = entries.filter((entry) => entry.type === 'file' && entry.problem === undefined);
  const texts = await mapAtMost(AT_ONCE, files, (file) => readText(store, file, options));
  if (options.cache.size > MAX_KEPT) options.cache.clear();
  const found = new Map<string, string>();
  for (const [i, { path }] of files.entries()) {
    const text = texts[i];
    if (text !== undefined) found.set(path, text);
  }
  return found;
}

async function readText(
  store: ObjectStore,
  file: TreeEntry,
  options: { readonly limits: Limits; readonly cache: TextCache; readonly lenient: boolean },
): Promise<string | undefined> {
  const known = options.cache.get(file.oid);
  if (known !== undefined) return known;
  try {
    const { content } = await store.read(file.oid, options.limits.maxFileBytes);
    const text = content.toString('utf8');
    options.cache.set(file.oid, text);
    return text;
  } catch (error) {
    const large = error instanceof GitError && error.code === 'FILE_TOO_LARGE';
    if (large && options.lenient) return undefined;
    throw large ? new GitError('FILE_TOO_LARGE', `${file.path}: ${error.message}`) : error;
  }
}
