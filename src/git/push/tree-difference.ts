// What a tree has that another has not, found in one walk over the bytes of both, and the delta that makes one of the other.

import { GitError } from '../errors.ts';
import { inGitOrder, parseTree, type RawEntry } from '../tree-object.ts';

export interface TreeDifference {
  /** Entries of the next tree that the base has not. */
  readonly added: readonly AddedEntry[];
  /** Makes the next tree of the base, as `applyDelta` reads it. */
  readonly delta: Buffer;
}

export interface AddedEntry extends RawEntry {
  /** The base's entry of the same name. */
  readonly before: RawEntry | undefined;
}

/** Bytes that the next tree consists of. */
interface Part {
  readonly of: 'base' | 'next';
  readonly from: number;
  to: number;
}

/** Both are contents of tree objects, sorted as Git sorts. Throws STORE_CORRUPT when one is no tree. */
export function compareTrees(base: Buffer, next: Buffer): TreeDifference {
  const added: AddedEntry[] = [];
  const parts: Part[] = [];
  let [inBase, inNext] = [0, 0];
  while (inBase < base.length || inNext < next.length) {
    const old = endOfEntry(base, inBase);
    const same = inNext + old - inBase;
    if (old > inBase && same <= next.length && base.compare(next, inNext, same, inBase, old) === 0) {
      append(parts, { of: 'base', from: inBase, to: old });
      [inBase, inNext] = [old, same];
      continue;
    }
    const end = endOfEntry(next, inNext);
    const [before] = parseTree(base.subarray(inBase, old));
    const [entry] = parseTree(next.subarray(inNext, end));
    const order = orderOf(before, entry);
    if (order <= 0) inBase = old;
    if (order < 0 || entry === undefined) continue;
    append(parts, { of: 'next', from: inNext, to: end });
    added.push({ ...entry, before: order === 0 ? before : undefined });
    inNext = end;
  }
  return { added, delta: encodeDelta(base, next, parts) };
}

/** Zero for two entries of one name, also when one is a folder and the other a file that sort side by side. */
function orderOf(before: RawEntry | undefined, entry: RawEntry | undefined): number {
  if (before === undefined) return 1;
  if (entry === undefined) return -1;
  return before.name.equals(entry.name) ? 0 : inGitOrder(before, entry);
}

/** Where the entry ends that begins at `at`: a mode, a space, a name, a zero and 20 bytes. */
function endOfEntry(content: Buffer, at: number): number {
  if (at >= content.length) return at;
  const zero = content.indexOf(0, at);
  if (zero < 0 || zero + 21 > content.length)
    throw new GitError('STORE_CORRUPT', 'A tree object is malformed; check the repository with git fsck');
  return zero + 21;
}

function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (last?.of === part.of && last.to === part.from) last.to = part.to;
  else parts.push(part);
}

const MAX_COPY = 0xff_ffff;
const MAX_INSERT = 0x7f;

function encodeDelta(base: Buffer, next: Buffer, parts: readonly Part[]): Buffer {
  const commands = [sizeOf(base.length), sizeOf(next.length)];
  for (const { of, from, to } of parts) {
    const most = of === 'base' ? MAX_COPY : MAX_INSERT;
    for (let at = from; at < to; at += most) {
      const end = Math.min(to, at + most);
      commands.push(of === 'base' ? copyOf(at, end - at) : Buffer.from([end - at, ...next.subarray(at, end)]));
    }
  }
  return Buffer.concat(commands);
}

/** Seven bits a byte, the lowest first. */
function sizeOf(size: number): Buffer {
  const bytes: number[] = [];
  let rest = size;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push(0x80 | (rest & 0x7f));
  return Buffer.from([...bytes, rest]);
}

/** Only the bytes that are not zero; the first byte says which. */
function copyOf(offset: number, length: number): Buffer {
  const bytes = [0, 8, 16, 24].map((shift) => (offset >>> shift) & 0xff);
  bytes.push(...[0, 8, 16].map((shift) => (length >>> shift) & 0xff));
  const flags = bytes.reduce((sum, byte, bit) => sum | (byte === 0 ? 0 : 1 << bit), 0x80);
  return Buffer.from([flags, ...bytes.filter((byte) => byte !== 0)]);
}
