// Texts of many files at once, each blob read once.

import type { Limits, Oid, TreeEntry } from './engine.ts';
import { GitError } from './errors.ts';
import { mapAtMost } from './map-at-most.ts';
import type { ObjectStore } from './object-store.ts';

const AT_ONCE = 16;
const MAX_KEPT = 20_000;
/** In characters. */
const MAX_KEPT_TEXT = 128 * 2 ** 20;

/** Blob texts by id, kept while they fit. */
export type TextCache = Map<Oid, string>;

export interface ReadTextsOptions {
  readonly limits: Limits;
  readonly cache: TextCache;
  /** A file beyond the limits is left out, and fails the read otherwise. */
  readonly lenient: boolean;
  /** Characters of all files together; with `lenient` alone. In the order of the entries, from the first one beyond it all are left out. */
  readonly most?: number;
}

/** Path to text of the plain files among `entries`. */
export async function readTexts(
  store: ObjectStore,
  entries: readonly TreeEntry[],
  options: ReadTextsOptions,
): Promise<ReadonlyMap<string, string>> {
  const { cache, most = Infinity } = options;
  const files = entries.filter((entry) => entry.type === 'file' && entry.problem === undefined);
  let read = 0;
  const texts = await mapAtMost(AT_ONCE, files, async (file) => {
    // Those before it are more than enough, so it is left out below.
    if (read > most) return undefined;
    const text = await readText(store, file, options);
    read += text?.length ?? 0;
    return text;
  });
  if (cache.size > MAX_KEPT || sizeOf(cache.values()) > MAX_KEPT_TEXT) cache.clear();
  return firstOf(files, texts, most);
}

function firstOf(
  files: readonly TreeEntry[],
  texts: readonly (string | undefined)[],
  most: number,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let left = most;
  for (const [i, { path }] of files.entries()) {
    const text = texts[i];
    left -= text?.length ?? 0;
    if (left < 0) break;
    if (text !== undefined) found.set(path, text);
  }
  return found;
}

function sizeOf(texts: Iterable<string>): number {
  let size = 0;
  for (const { length } of texts) size += length;
  return size;
}

async function readText(store: ObjectStore, file: TreeEntry, options: ReadTextsOptions): Promise<string | undefined> {
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
