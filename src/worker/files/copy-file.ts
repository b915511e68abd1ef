// Copies one file and computes its sha256 in the same read.

import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  writeSync,
  type Stats,
} from 'node:fs';

import { describeError, systemCodeOf } from '../../lib/errors.ts';
import { placePath } from './dir.ts';
import { CELL, type FileOutcome, type FileTarget, type FileTask } from './file-task.ts';

/** Large enough that the number of calls does not matter, small enough for a pod with little memory. */
export const BUFFER_BYTES = 1 << 20;

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

/** Never throws: trouble comes back as an outcome. `buffer` is scratch space; `cells` counts bytes and can say stop. */
export function copyFile(task: FileTask, buffer: Buffer, cells: BigInt64Array): FileOutcome {
  const open: number[] = [];
  let during: 'read' | 'write' = 'read';
  try {
    const from = openSync(placePath(task.from), READ);
    open.push(from);
    // Before anything is read or made: a pipe or a directory may have taken the name.
    if (!fstatSync(from).isFile()) return { ok: false, during, code: 'ENOENT', message: 'is no regular file any more' };
    during = 'write';
    const to = task.to === undefined ? undefined : openSync(placePath(task.to), CREATE, 0o600);
    if (to !== undefined) open.push(to);
    const read = pump({ from, to, limit: task.seen.size, sparse: task.sparse, buffer, cells });
    if (to !== undefined && task.to !== undefined) dress(to, task.to);
    Atomics.add(cells, CELL.files, 1n);
    return { ok: true, ...read, changed: hasChanged(task, fstatSync(from), read.size) };
  } catch (error) {
    // A read can fail too once the target is open; what matters is whether the target's disk is to blame.
    const code = systemCodeOf(error);
    return { ok: false, during: code === 'EIO' ? 'read' : during, code, message: describeError(error) };
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

interface Pump {
  readonly from: number;
  readonly to: number | undefined;
  readonly limit: number;
  readonly sparse: boolean;
  readonly buffer: Buffer;
  readonly cells: BigInt64Array;
}

function pump(job: Pump): { sha256: string; size: number } {
  if (job.limit <= job.buffer.length) return pumpOnce(job);
  const digest = createHash('sha256');
  let size = 0;
  while (size < job.limit) {
    if (Atomics.load(job.cells, CELL.stop) !== 0n) throw Object.assign(new Error('stopped'), { code: 'ECANCELED' });
    const count = readSync(job.from, job.buffer, 0, Math.min(job.buffer.length, job.limit - size), size);
    if (count === 0) break;
    const chunk = job.buffer.subarray(0, count);
    digest.update(chunk);
    put(job, chunk, size);
    size += count;
    Atomics.add(job.cells, CELL.bytes, BigInt(count));
  }
  if (job.to !== undefined && job.sparse) ftruncateSync(job.to, size);
  return { sha256: digest.digest('hex'), size };
}

/** Most files of a database fit into the buffer; one read, one hash, one write. */
function pumpOnce(job: Pump): { sha256: string; size: number } {
  const { from, to, limit, sparse, buffer, cells } = job;
  let size = 0;
  while (size < limit) {
    const count = readSync(from, buffer, size, limit - size, size);
    if (count === 0) break;
    size += count;
  }
  const chunk = buffer.subarray(0, size);
  if (size > 0) put(job, chunk, 0);
  if (to !== undefined && sparse) ftruncateSync(to, size);
  if (size > 0) Atomics.add(cells, CELL.bytes, BigInt(size));
  return { sha256: hash('sha256', chunk, 'hex'), size };
}

function put({ to, sparse }: Pump, chunk: Buffer, position: number): void {
  if (to === undefined) return;
  if (!sparse) {
    putAll(to, chunk, position);
    return;
  }
  let start = 0;
  while (start < chunk.length) {
    const zero = isZero(chunk, start);
    let end = start;
    while (end < chunk.length && isZero(chunk, end) === zero) end += BLOCK;
    end = Math.min(end, chunk.length);
    if (!zero) putAll(to, chunk.subarray(start, end), position + start);
    start = end;
  }
}

function isZero(chunk: Buffer, start: number): boolean {
  const end = Math.min(start + BLOCK, chunk.length);
  return chunk.compare(ZEROS, 0, end - start, start, end) === 0;
}

function putAll(fd: number, chunk: Buffer, position: number): void {
  let done = 0;
  while (done < chunk.length) done += writeSync(fd, chunk, done, chunk.length - done, position + done);
}

/** Owner before mode: a change of owner clears the set-user-id bit. Time last: the others do not touch it, writing does. */
function dress(fd: number, target: FileTarget): void {
  if (target.owner !== undefined) fchownSync(fd, target.owner.uid, target.owner.gid);
  fchmodSync(fd, target.mode);
  futimesSync(fd, target.mtime, target.mtime);
}

/** What was seen when the directory was read, what is there now, and what was read in between must be one. */
function hasChanged(task: FileTask, after: Stats, size: number): boolean {
  if (task.seen.mtimeMs !== undefined && task.seen.mtimeMs !== after.mtimeMs) return true;
  return size !== task.seen.size || after.size !== size;
}
