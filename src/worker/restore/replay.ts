// Goes through a backup by its manifest: checks every file, and with targets builds the trees anew.

import { hasSystemCode } from '../../lib/errors.ts';
import type { TaskContext } from '../context.ts';
import type { Dir } from '../files/dir.ts';
import type { FilePool } from '../files/file-pool.ts';
import type { FileOutcome } from '../files/file-task.ts';
import {
  MANIFEST_NAME,
  VOLUMES_NAME,
  type ManifestEntry,
  type ManifestFoot,
  type ManifestHead,
} from '../manifest/manifest.ts';
import { readManifest, type ReadEntry } from '../manifest/manifest-reader.ts';
import { nameOfText, showName } from '../files/names.ts';
import { isReserved } from '../files/reserved.ts';
import { openParent } from '../files/tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

export interface ReplayTarget {
  /** An empty directory. */
  readonly dir: Dir;
  /** Paths (bytes) that are not wanted. */
  readonly skip: (path: string) => boolean;
}

export interface Replay {
  readonly backup: Dir;
  readonly pool: FilePool;
  readonly context: TaskContext;
  /** Volume → where to build it; without any, the backup is only checked. */
  readonly targets: ReadonlyMap<string, ReplayTarget>;
  /** Instead of the owners in the manifest. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** A file that is missing or not what the manifest says; may throw to stop. */
  readonly onBad: (volume: string, path: string, why: string) => void;
  /** A file that the manifest doesn't have. */
  readonly onExtra: (volume: string, path: string) => void;
}

export interface Replayed {
  readonly head: ManifestHead;
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

/** A directory under way: in the backup (undefined when missing there), in the target, and the names not yet seen. */
interface Level {
  readonly path: string;
  readonly from: Dir | undefined;
  readonly into: Dir | undefined;
  readonly entry: ManifestEntry;
  readonly unseen: Set<string>;
}

interface Going extends Replay {
  readonly giveAway: boolean;
  readonly levels: Level[];
}

/** Every file's sha256 is computed; with targets in the same read in which it is copied. */
export async function replay(job: Replay): Promise<Replayed> {
  const going: Going = { ...job, levels: [], giveAway: process.getuid?.() === 0 };
  let head: ManifestHead | undefined;
  for (const part of readManifest(job.backup)) {
    if (part.part === 'head') head = part.head;
    if (part.part === 'entry' && head !== undefined) take(going, part, head.layout);
    if (part.part === 'foot') leaveTo(going, 0);
    await job.pool.room();
    if (part.part !== 'foot' || head === undefined) continue;
    await job.pool.finish();
    return { head, foot: part.foot, sha256: part.sha256 };
  }
  throw new TaskError('ManifestUnreadable', 'the manifest has no end');
}

function take(going: Going, read: ReadEntry, layout: ManifestHead['layout']): void {
  const { entry, path } = read;
  const target = going.targets.get(entry.volume);
  if (path === '') {
    leaveTo(going, 0);
    enterVolume(going, entry, layout);
    return;
  }
  const parts = path.split('/');
  leaveTo(going, parts.length);
  const name = parts.at(-1) ?? '';
  const level = going.levels.at(-1);
  if (level === undefined) return;
  const found = level.unseen.delete(name);
  if (target?.skip(path) === true) return;
  if (level.from !== undefined && !found) going.onBad(entry.volume, entry.path, 'is missing');
  else act(going, { ...read, name, level });
}

function enterVolume(going: Going, entry: ManifestEntry, layout: ManifestHead['layout']): void {
  const from = layout === 'sealed' ? going.backup.open('.') : inBackup(() => volumeDir(going.backup, entry.volume));
  if (from === undefined) going.onBad(entry.volume, '.', 'is missing');
  // At the top of a sealed directory lie the manifest, and what a file system puts at the top of a volume.
  const names = from?.list().filter((name) => layout === 'volumes' || (name !== MANIFEST_NAME && !isReserved(name)));
  const into = going.targets.get(entry.volume)?.dir;
  going.levels.push({ path: '', from, into, entry, unseen: new Set(names) });
}

function volumeDir(backup: Dir, volume: string): Dir {
  const volumes = backup.open(VOLUMES_NAME);
  try {
    return volumes.open(nameOfText(volume));
  } finally {
    volumes.close();
  }
}

interface Here extends ReadEntry {
  readonly name: string;
  readonly level: Level;
}

function act(going: Going, here: Here): void {
  switch (here.entry.type) {
    case 'dir':
      enterDir(going, here);
      return;
    case 'file':
      file(going, here, here.entry);
      return;
    case 'symlink':
      symlink(going, here);
      return;
    case 'hardlink':
      hardlink(going, here);
  }
}

function enterDir(going: Going, { level, name, entry, path }: Here): void {
  const from = level.from === undefined ? undefined : inBackup(() => level.from?.open(name));
  if (from === undefined) going.onBad(entry.volume, entry.path, 'is no directory');
  const into = level.into?.make(name);
  going.levels.push({ path, from, into, entry, unseen: new Set(from?.list()) });
}

/** Ends the directories that are deeper than `depth`: what was not named is extra; modes and times come last. */
function leaveTo(going: Going, depth: number): void {
  while (going.levels.length > depth) {
    const level = going.levels.pop();
    if (level === undefined) return;
    const prefix = level.path === '' ? '' : `${level.path}/`;
    for (const name of level.unseen) going.onExtra(level.entry.volume, showName(`${prefix}${name}`));
    going.pool.after(() => {
      // The top of a target is not ours to dress: it is a directory that the swap leaves behind.
      if (level.into !== undefined && level.path !== '') dressDir(going, level.into, level.entry);
      level.from?.close();
      if (level.path !== '') level.into?.close();
    });
  }
}

function dressDir(going: Going, dir: Dir, entry: ManifestEntry): void {
  const { uid, gid } = going.owner ?? entry;
  if (going.giveAway) dir.chown(uid, gid);
  if (entry.type === 'dir') dir.chmod(Number.parseInt(entry.mode, 8));
  dir.utimes(entry.mtimeUs / 1e6);
}

type FileEntry = Extract<ManifestEntry, { type: 'file' }>;

function file(going: Going, { level, name }: Here, entry: FileEntry): void {
  if (level.from === undefined) return;
  const { uid, gid } = going.owner ?? entry;
  const into = level.into;
  const to =
    into === undefined
      ? {}
      : {
          to: {
            fd: into.fd,
            name,
            mode: Number.parseInt(entry.mode, 8),
            mtime: entry.mtimeUs / 1e6,
            ...(going.giveAway ? { owner: { uid, gid } } : {}),
          },
        };
  // One byte more than expected, so that a file that has grown does not pass.
  const seen = { size: entry.size + 1 };
  going.pool.submit({ from: { fd: level.from.fd, name }, seen, sparse: entry.stored !== undefined, ...to }, (outcome) =>
    fileDone(going, entry, outcome),
  );
}

function fileDone(going: Going, entry: FileEntry, outcome: FileOutcome): void {
  if (outcome.ok) {
    if (outcome.size !== entry.size) going.onBad(entry.volume, entry.path, 'has another size');
    else if (outcome.sha256 !== entry.sha256) going.onBad(entry.volume, entry.path, 'has another content');
    going.context.onStep?.('file');
    return;
  }
  if (outcome.during === 'read') {
    going.onBad(entry.volume, entry.path, `can't be read (${outcome.code})`);
    return;
  }
  const error = Object.assign(new Error(outcome.message), { code: outcome.code });
  throw toTaskError(error, `writing ${entry.volume}/${entry.path}`);
}

function symlink(going: Going, { level, name, entry, target }: Here): void {
  const found = inBackup(() => level.from?.readlink(name));
  if (found !== target) going.onBad(entry.volume, entry.path, 'points elsewhere');
  if (level.into === undefined) return;
  const { uid, gid } = going.owner ?? entry;
  level.into.symlink(name, target);
  if (going.giveAway) level.into.lchown(name, uid, gid);
  level.into.lutimes(name, entry.mtimeUs / 1e6);
}

function hardlink(going: Going, { level, name, entry, target }: Here): void {
  const root = going.levels[0];
  const expected = root?.from === undefined ? undefined : statOf(root.from, target);
  const found = level.from?.lstat(name);
  if (expected === undefined || found === undefined || expected.ino !== found.ino || !found.isFile())
    going.onBad(entry.volume, entry.path, `is not the same file as ${showName(target)}`);
  if (level.into === undefined || root?.into === undefined) return;
  const { into } = level;
  const top = root.into;
  going.pool.after(() => {
    const place = openParent(top, target);
    if (place === undefined || !place.dir.has(place.name))
      throw new TaskError(
        'UnsafePath',
        `${entry.path} is a second name of ${showName(target)}, which is kept as it is`,
      );
    into.link(name, { fd: place.dir.fd, name: place.name });
    place.dir.close();
  });
}

function statOf(root: Dir, path: string): ReturnType<Dir['lstat']> {
  return inBackup(() => {
    const place = openParent(root, path);
    const stats = place?.dir.lstat(place.name);
    place?.dir.close();
    return stats;
  });
}

/** A backup may have been damaged in any way: what is missing or of another kind there is undefined here. */
function inBackup<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return undefined;
    throw error;
  }
}
