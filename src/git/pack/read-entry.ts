// Reads one entry of a pack: never inflates what is larger than it may be.

import { GitError } from '../errors.ts';
import { MAX_OBJECT_BYTES } from '../limits.ts';
import { deltaResultSize, type EntryHeader, inflateExactly, parseEntryHeader, resultSizeOf } from '../pack-entry.ts';
import type { FilePages } from './pages.ts';

export interface EntryData {
  readonly head: EntryHeader;
  readonly data: Buffer;
}

export interface EntryLimits {
  readonly maxBytes: number;
  readonly end: number;
  /** Deltas above it: two that are each other's base would never end. */
  readonly depth: number;
}

/** Read first of an entry: its header, the start of its data, and most entries as a whole. */
const HEAD_BYTES = 4096;
/** An object, or a delta, inflated: only when both it and its object are no larger than they may be. */
export async function readEntry(file: FilePages, start: number, { maxBytes, end }: EntryLimits): Promise<EntryData> {
  const first = await readRange(file, start, Math.min(end, start + HEAD_BYTES));
  const head = parseEntryHeader(first);
  const isWhole = end - start <= first.length;
  const begun = first.subarray(head.dataAt);
  if (head.kind !== 'object' && isWhole && head.size <= HEAD_BYTES) {
    // So small that it may be inflated before the size of its object is known: most are, and once is enough.
    const data = inflateExactly(begun, head.size);
    refuseLarger(resultSizeOf(data), maxBytes);
    return { head, data };
  }
  refuseLarger(head.kind === 'object' ? head.size : deltaResultSize(begun), maxBytes);
  refuseLarger(head.size, MAX_OBJECT_BYTES);
  const longest = start + head.dataAt + 2 * head.size + HEAD_BYTES;
  const whole = isWhole ? first : await readRange(file, start, Math.min(end, longest));
  return { head, data: inflateExactly(whole.subarray(head.dataAt), head.size) };
}

function refuseLarger(size: number, maxBytes: number): void {
  if (size > maxBytes) throw tooLarge(size, maxBytes);
}

async function readRange(file: FilePages, start: number, end: number): Promise<Buffer> {
  if (start < 0 || end <= start)
    throw new GitError('STORE_CORRUPT', 'A pack entry lies nowhere; the store is fetched again');
  return await file.read(start, end);
}

export function tooLarge(size: number, limit: number): GitError {
  return new GitError('FILE_TOO_LARGE', `The file has ${size} bytes, more than the limit of ${limit}; make it smaller`);
}
