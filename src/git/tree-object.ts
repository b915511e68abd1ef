// Tree objects: bytes to entries and back. Names stay bytes until they have been judged.

import { GitError } from './errors.ts';
import { MAX_TREE_ENTRIES } from './limits.ts';

export interface RawEntry {
  /** Octal as Git stores it: `100644`, `40000`, `120000`, `160000`. */
  readonly mode: string;
  readonly name: Buffer;
  readonly oid: string;
}

/** The entries of a tree object's content, in stored order. Throws STORE_CORRUPT when it is no tree. */
export function parseTree(content: Buffer): readonly RawEntry[] {
  const entries: RawEntry[] = [];
  let at = 0;
  while (at < content.length) {
    if (entries.length >= MAX_TREE_ENTRIES)
      throw new GitError('TOO_MANY_FILES', `A folder has more than ${MAX_TREE_ENTRIES} entries; split it`);
    const space = content.indexOf(0x20, at);
    const nul = content.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + 21 > content.length)
      throw new GitError('STORE_CORRUPT', 'A tree object is malformed; check the repository with git fsck');
    entries.push({
      mode: content.toString('latin1', at, space),
      name: content.subarray(space + 1, nul),
      oid: content.toString('hex', nul + 1, nul + 21),
    });
    at = nul + 21;
  }
  return entries;
}

/** A tree object's content, sorted as Git sorts: by bytes, folders as if their names ended in `/`. */
export function encodeTree(entries: readonly RawEntry[]): Buffer {
  const sorted = entries.toSorted(inGitOrder);
  const size = sorted.reduce((sum, { mode, name }) => sum + mode.length + name.length + FIXED_BYTES, 0);
  const content = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { mode, name, oid } of sorted) {
    at += content.write(`${mode} `, at, 'latin1');
    at += name.copy(content, at);
    at = content.writeUInt8(0, at);
    at += content.write(oid, at, 'hex');
  }
  return content;
}

export function inGitOrder(a: RawEntry, b: RawEntry): number {
  const shorter = Math.min(a.name.length, b.name.length);
  const order = a.name.compare(b.name, 0, shorter, 0, shorter);
  return order === 0 ? endOf(a, shorter) - endOf(b, shorter) : order;
}

/** What follows the part that both names share; the end of a file's name sorts first. */
function endOf(entry: RawEntry, at: number): number {
  return entry.name[at] ?? (isFolder(entry) ? SLASH : -1);
}

export function isFolder(entry: RawEntry): boolean {
  return entry.mode === '40000' || /^0*40000$/.test(entry.mode);
}

/** 100644, 100755 and the historical 100664; some tools write them with a leading zero. */
export function isRegularFile(entry: RawEntry): boolean {
  return /^0*100[0-7]{3}$/.test(entry.mode);
}

const SLASH = 0x2f;
/** The space, the zero and the id. */
const FIXED_BYTES = 22;
