// Carries the node's own files from the data in place into the data being staged.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

import { copyFile, BUFFER_BYTES } from '../files/copy-file.ts';
import type { Dir } from '../files/dir.ts';
import { CELL } from '../files/file-task.ts';
import { lastPart, nameOfText } from '../files/names.ts';
import type { RestoreVolume } from './target.ts';
import { describeSignerState, isNewer, parseSignerState, type SignerState } from '../signer/signer-state.ts';
import { openParent } from '../files/tree.ts';
import { walk } from '../files/walk.ts';
import { toTaskError, TaskError } from '../task-error.ts';

export interface SignerChoice {
  readonly path: string;
  readonly kept: 'current' | 'backup';
  /** `height/round/step`. */
  readonly state: string;
}

/** Whether a path (bytes) is one of `keep` or lies below one. */
export function keeps(keep: readonly string[]): (path: string) => boolean {
  const wanted = keep.map(nameOfText);
  return (path) => wanted.some((kept) => path === kept || path.startsWith(`${kept}/`));
}

/** Copies what `volume.keep` names from `current` to `staged`; what the node doesn't have stays absent. */
export function carryKept(volume: RestoreVolume, current: Dir, staged: Dir): void {
  for (const text of volume.keep) {
    try {
      carry(nameOfText(text), current, staged);
    } catch (error) {
      throw toTaskError(error, `keeping ${volume.name}/${text}`);
    }
  }
}

/** Leaves the newer of both signer states in `staged`; the node's own when they are equal. */
export function carrySignerState(volume: RestoreVolume, current: Dir, staged: Dir): SignerChoice[] {
  const choices: SignerChoice[] = [];
  for (const path of volume.signerState) {
    const bytes = nameOfText(path);
    const own = readSmall(current, bytes, `${volume.name}/${path} of the node`);
    const other = readSmall(staged, bytes, `${volume.name}/${path} of the backup`);
    const newer = newerOf(own, other);
    if (newer === undefined) continue;
    choices.push({ path, kept: newer.of, state: describeSignerState(newer.state) });
    if (newer.of === 'backup') continue;
    if (other !== undefined) removeFile(staged, bytes);
    carry(bytes, current, staged);
  }
  return choices;
}

interface NewerState {
  readonly of: SignerChoice['kept'];
  readonly state: SignerState;
}

function newerOf(own: SignerState | undefined, other: SignerState | undefined): NewerState | undefined {
  if (other !== undefined && (own === undefined || isNewer(other, own))) return { of: 'backup', state: other };
  return own === undefined ? undefined : { of: 'current', state: own };
}

function readSmall(root: Dir, path: string, where: string): SignerState | undefined {
  const place = openParent(root, path);
  if (place === undefined) return undefined;
  try {
    if (!place.dir.has(place.name)) return undefined;
    const fd = openSync(place.dir.at(place.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      // A signer state is a few hundred bytes; more than this is something else.
      const buffer = Buffer.alloc(65_537);
      const count = fstatSync(fd).isFile() ? readSync(fd, buffer, 0, buffer.length, 0) : 0;
      return parseSignerState(count > 65_536 ? '' : buffer.toString('utf8', 0, count), where);
    } finally {
      closeSync(fd);
    }
  } finally {
    place.dir.close();
  }
}

function removeFile(root: Dir, path: string): void {
  const place = openParent(root, path);
  place?.dir.unlink(place.name);
  place?.dir.close();
}

function carry(path: string, current: Dir, staged: Dir): void {
  const from = openParent(current, path);
  if (from === undefined) return;
  const stats = from.dir.lstat(from.name);
  if (stats !== undefined) {
    const into = makeParents(path, current, staged);
    copyEntry({ from: from.dir, into, name: from.name, stats });
    into.close();
  }
  from.dir.close();
}

/** Directories that the backup does not have are made like the node's. */
function makeParents(path: string, current: Dir, staged: Dir): Dir {
  let model = current.open('.');
  let dir = staged.open('.');
  for (const part of path.split('/').slice(0, -1)) {
    const nextModel = model.open(part);
    const isNew = !dir.has(part);
    const next = isNew ? dir.make(part) : dir.open(part);
    if (isNew) dress(next, nextModel.stat());
    model.close();
    dir.close();
    model = nextModel;
    dir = next;
  }
  model.close();
  return dir;
}

interface EntryCopy {
  readonly from: Dir;
  readonly into: Dir;
  readonly name: string;
  readonly stats: Stats;
}

function copyEntry({ from, into, name, stats }: EntryCopy): void {
  if (stats.isDirectory()) {
    copyDir(from.open(name), into.make(name));
  } else if (stats.isSymbolicLink()) {
    into.symlink(name, from.readlink(name));
    if (isRoot()) into.lchown(name, stats.uid, stats.gid);
  } else if (stats.isFile()) copyOne({ from, into, name, stats });
}

function copyDir(root: Dir, target: Dir): void {
  const into: Dir[] = [];
  for (const step of walk(root)) {
    const dir = into.at(-1);
    if (step.do === 'enter') into.push(dir === undefined ? target : dir.make(lastPart(step.path)));
    if (step.do === 'entry' && dir !== undefined)
      copyEntry({ from: step.dir, into: dir, name: step.name, stats: step.stats });
    if (step.do !== 'leave' || dir === undefined) continue;
    dress(dir, step.stats);
    into.pop();
    dir.close();
    step.dir.close();
  }
}

function copyOne({ from, into, name, stats }: EntryCopy): void {
  const owner = isRoot() ? { owner: { uid: stats.uid, gid: stats.gid } } : {};
  const to = { fd: into.fd, name, mode: stats.mode & 0o7777, mtime: stats.mtimeMs / 1000, ...owner };
  const seen = { size: stats.size, mtimeMs: stats.mtimeMs };
  const outcome = copyFile(
    { from: { fd: from.fd, name }, seen, sparse: stats.blocks * 512 < stats.size, to },
    Buffer.allocUnsafe(BUFFER_BYTES),
    new BigInt64Array(CELL.count),
  );
  if (!outcome.ok) throw Object.assign(new Error(outcome.message), { code: outcome.code });
  if (outcome.changed)
    throw new TaskError('SourceChanged', 'a file of the node changed meanwhile; is the node stopped?');
}

function dress(dir: Dir, stats: Stats): void {
  if (isRoot()) dir.chown(stats.uid, stats.gid);
  dir.chmod(stats.mode & 0o7777);
  dir.utimes(stats.mtimeMs / 1000);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
