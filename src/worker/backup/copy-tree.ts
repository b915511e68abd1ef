// Copies one volume, or only describes it: directories and links here, contents in the pool, a manifest entry for each.

import type { Stats } from 'node:fs';

import type { TaskContext } from '../context.ts';
import type { Dir } from '../files/dir.ts';
import type { FilePool } from '../files/file-pool.ts';
import type { FileOutcome } from '../files/file-task.ts';
import type { ManifestEntry } from '../manifest/manifest.ts';
import type { ManifestWriter } from '../manifest/manifest-writer.ts';
import { showName } from '../files/names.ts';
import type { Notes } from '../notes.ts';
import { isReserved } from '../files/reserved.ts';
import { openParent } from '../files/tree.ts';
import { walk, type WalkStep } from '../files/walk.ts';
import { toTaskError } from '../task-error.ts';

export interface TreeCopy {
  readonly volume: string;
  readonly root: Dir;
  /** An empty directory; without one the volume is only described. */
  readonly target?: Dir;
  /** Left out without a word, by path from the top. */
  readonly leaveOut?: (path: string) => boolean;
  readonly pool: FilePool;
  readonly writer: ManifestWriter;
  readonly skipped: Notes;
  readonly changed: Notes;
  readonly context: TaskContext;
}

type EntryStep = Extract<WalkStep, { do: 'entry' }>;

/** The state of one walk: the directories being filled, and the first name of each file that has several. */
interface Going extends TreeCopy {
  readonly into: (Dir | undefined)[];
  readonly names: Map<number, string>;
  readonly giveAway: boolean;
}

/** Queues the whole volume; it is copied once the pool has finished. */
export async function copyTree(copy: TreeCopy): Promise<void> {
  const going: Going = { ...copy, into: [], names: new Map(), giveAway: process.getuid?.() === 0 };
  for (const step of walk(copy.root, (path) => isReserved(path) || copy.leaveOut?.(path) === true)) {
    take(going, step);
    await copy.pool.room();
  }
}

function take(going: Going, step: WalkStep): void {
  const { volume } = going;
  const path = showName(step.path === '' ? '.' : step.path);
  switch (step.do) {
    case 'enter':
      enter(going, step);
      return;
    case 'entry':
      entry(going, step, path);
      return;
    case 'leave':
      leave(going, step);
      return;
    case 'vanished':
      going.changed.add({ volume, path, why: 'vanished' });
      return;
    case 'mount':
      going.skipped.add({ volume, path, why: 'another filesystem is mounted there' });
  }
}

function enter(going: Going, step: Extract<WalkStep, { do: 'enter' }>): void {
  const { volume, writer, pool } = going;
  const parent = going.into.at(-1);
  const name = step.path.slice(step.path.lastIndexOf('/') + 1);
  going.into.push(step.dir === going.root ? going.target : parent?.make(name));
  const path = showName(step.path === '' ? '.' : step.path);
  pool.after(() => writer.entry({ volume, path, type: 'dir', mode: octal(step.stats), ...common(step.stats) }));
}

/** A directory gets its mode and time when all below it is there: filling it would change them. */
function leave(going: Going, step: Extract<WalkStep, { do: 'leave' }>): void {
  const target = going.into.pop();
  going.pool.after(() => {
    if (going.giveAway) target?.chown(step.stats.uid, step.stats.gid);
    target?.chmod(step.stats.mode & 0o7777);
    target?.utimes(step.stats.mtimeMs / 1000);
    target?.close();
    if (step.dir !== going.root) step.dir.close();
  });
}

function entry(going: Going, step: EntryStep, path: string): void {
  const { stats } = step;
  if (stats.isSymbolicLink()) {
    symlink(going, step, path);
    return;
  }
  if (!stats.isFile()) {
    going.skipped.add({ volume: going.volume, path, why: kindOf(stats) });
    return;
  }
  const first = stats.nlink > 1 ? going.names.get(stats.ino) : undefined;
  if (first !== undefined) hardlink(going, step, { path, first });
  else file(going, step, path);
}

function file(going: Going, step: EntryStep, path: string): void {
  const { stats, name } = step;
  const into = going.into.at(-1);
  if (stats.nlink > 1) going.names.set(stats.ino, step.path);
  const sparse = stats.blocks * 512 < stats.size;
  const owner = going.giveAway ? { owner: { uid: stats.uid, gid: stats.gid } } : {};
  const dress = { name, mode: stats.mode & 0o7777, mtime: stats.mtimeMs / 1000, ...owner };
  const to = into === undefined ? {} : { to: { fd: into.fd, ...dress } };
  const seen = { size: stats.size, mtimeMs: stats.mtimeMs };
  going.pool.submit({ from: { fd: step.dir.fd, name }, seen, sparse, ...to }, (outcome) => {
    fileDone(going, outcome, { step, path, sparse });
  });
}

function fileDone(going: Going, outcome: FileOutcome, about: { step: EntryStep; path: string; sparse: boolean }): void {
  const { volume } = going;
  const { path, step } = about;
  const { stats } = step;
  if (!outcome.ok) {
    if (outcome.during === 'read' && (outcome.code === 'ENOENT' || outcome.code === 'ELOOP')) {
      going.names.delete(stats.ino);
      going.changed.add({ volume, path, why: 'vanished' });
      return;
    }
    throw toTaskError(Object.assign(new Error(outcome.message), { code: outcome.code }), `copying ${volume}/${path}`);
  }
  if (outcome.changed) going.changed.add({ volume, path, why: 'was written to' });
  const stored = about.sparse ? { stored: Math.min(stats.blocks * 512, outcome.size) } : {};
  const { size, sha256 } = outcome;
  going.writer.entry({ volume, path, type: 'file', mode: octal(stats), ...common(stats), size, sha256, ...stored });
  going.context.onStep?.('file');
}

function symlink(going: Going, step: EntryStep, path: string): void {
  const into = going.into.at(-1);
  const { stats, name } = step;
  let target: string;
  try {
    target = step.dir.readlink(name);
  } catch {
    going.changed.add({ volume: going.volume, path, why: 'vanished' });
    return;
  }
  into?.symlink(name, target);
  if (going.giveAway) into?.lchown(name, stats.uid, stats.gid);
  into?.lutimes(name, stats.mtimeMs / 1000);
  const entry: ManifestEntry = {
    volume: going.volume, path, type: 'symlink', target: showName(target), ...common(stats),
  }; // prettier-ignore
  going.pool.after(() => going.writer.entry(entry));
}

/** Kept as hard links: databases use them for checkpoints, and copies could need many times the space. */
function hardlink(going: Going, step: EntryStep, { path, first }: { path: string; first: string }): void {
  const into = going.into.at(-1);
  const { volume, writer } = going;
  going.pool.after(() => {
    const isThere = going.names.get(step.stats.ino) === first;
    const place = isThere && going.target !== undefined ? openParent(going.target, first) : undefined;
    if (!isThere || (going.target !== undefined && place === undefined)) {
      // Its first name vanished before it was copied, so this one may be gone as well; only a live source does that.
      going.changed.add({ volume, path, why: 'vanished' });
      return;
    }
    if (place !== undefined) into?.link(step.name, { fd: place.dir.fd, name: place.name });
    place?.dir.close();
    writer.entry({ volume, path, type: 'hardlink', target: showName(first), ...common(step.stats) });
  });
}

function common(stats: Stats): { uid: number; gid: number; mtimeUs: number } {
  return { uid: stats.uid, gid: stats.gid, mtimeUs: Math.round(stats.mtimeMs * 1000) };
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket';
  if (stats.isFIFO()) return 'pipe';
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'no file, directory or link';
}
