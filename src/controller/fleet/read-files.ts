// The files of a commit that can matter, as text; only blobs that were not read before are opened.

import { setImmediate } from 'node:timers/promises';

import type { SourceFile } from '../../desired/desired-set.ts';
import { decodeSource, notAFile } from '../../desired/source-text.ts';
import { isWanted } from '../../desired/wanted.ts';
import type { GitSource, Oid, TreeEntry } from '../../git/engine.ts';
import { describeError, hasCode } from '../../lib/errors.ts';

/** Most bytes of files that are held in memory; a repository beyond it is refused, not half read. */
const MAX_TOTAL_BYTES = 256 * 2 ** 20;
const READ_AT_ONCE = 16;
const FILES_PER_PAUSE = 64;

export interface ReadFiles {
  readonly source: Pick<GitSource, 'list' | 'read'>;
  readonly commit: Oid;
  /** What was read before, by blob id; afterwards what this commit uses. */
  readonly texts: Map<Oid, SourceFile>;
  readonly signal: AbortSignal;
}

/** The files of a commit that can matter; only blobs that were not read before are opened. `texts` keeps what is still in use. */
export async function readFiles({ source, commit, texts, signal }: ReadFiles): Promise<readonly SourceFile[]> {
  const entries = (await source.list(commit)).filter((entry) => isWanted(entry.path));
  const files: SourceFile[] = Array.from({ length: entries.length });
  let next = 0;
  let bytes = 0;
  async function worker(): Promise<void> {
    while (next < entries.length) {
      const index = next++;
      const entry = entries[index];
      if (entry === undefined) return;
      signal.throwIfAborted();
      // What lies in memory already is read without a pause otherwise.
      if (index % FILES_PER_PAUSE === 0) await setImmediate();
      const known = entry.problem === undefined && entry.type === 'file' ? texts.get(entry.oid) : undefined;
      const file = known === undefined ? await readFile(source, entry) : { ...known, path: entry.path };
      bytes += file.text?.length ?? 0;
      if (bytes > MAX_TOTAL_BYTES)
        throw new Error(
          `the files of the fleet have more than ${MAX_TOTAL_BYTES / 2 ** 20} MiB in all; split the repository`,
        );
      files[index] = file;
    }
  }
  await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
  texts.clear();
  for (const file of files) if (file.text !== undefined) texts.set(file.oid, file);
  return files;
}

async function readFile(source: ReadFiles['source'], entry: TreeEntry): Promise<SourceFile> {
  const { path, oid } = entry;
  if (entry.problem !== undefined) return { path, oid, trouble: { code: 'BadFileName', message: entry.problem } };
  if (entry.type !== 'file') return notAFile(path, oid, entry.type === 'other' ? 'special file' : entry.type);
  try {
    return decodeSource(path, oid, await source.read(oid));
  } catch (error) {
    if (hasCode(error, 'FILE_TOO_LARGE'))
      return { path, oid, trouble: { code: 'FileTooLarge', message: describeError(error) } };
    throw error;
  }
}
