// The check of a backup: what lies in it against what its manifest says, one entry at a time.

import { hasSystemCode } from '../../lib/errors.ts';
import type { Dir, Place } from '../files/dir.ts';
import type { FilePool } from '../files/file-pool.ts';
import { nameOfText, showName } from '../files/names.ts';
import { isReserved } from '../files/reserved.ts';
import { openParent } from '../files/tree.ts';
import { MANIFEST_NAME, VOLUMES_NAME, type ManifestEntry, type ManifestHead } from '../manifest/manifest.ts';

export interface SourceOptions {
  readonly backup: Dir;
  readonly pool: FilePool;
  /** Where a volume of the backup lies, unless it lies in `backup`. */
  readonly openVolume?: ((volume: string) => Dir | undefined) | undefined;
  /** A file that is missing or not what the manifest says; may throw to stop. */
  readonly onBad: (volume: string, path: string, why: string) => void;
  /** A file that the manifest does not have. */
  readonly onExtra: (volume: string, path: string) => void;
}

/** A directory under way. Without `dir` it is missing, which was reported: nothing below it is reported again. */
interface Level {
  readonly path: string;
  readonly volume: string;
  readonly dir: Dir | undefined;
  readonly unseen: Set<string>;
}

export class SourceTree {
  readonly #options: SourceOptions;
  readonly #levels: Level[] = [];

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  enterVolume({ volume }: ManifestEntry, layout: ManifestHead['layout']): void {
    const { backup, onBad, openVolume = (name) => inBackup(() => volumeDir(backup, name)) } = this.#options;
    const dir = layout === 'sealed' ? backup.open('.') : openVolume(volume);
    if (dir === undefined) onBad(volume, '.', 'is missing');
    // At the top of a sealed directory lie the manifest, and what a file system puts at the top of a volume.
    const names = dir?.list().filter((name) => layout === 'volumes' || (name !== MANIFEST_NAME && !isReserved(name)));
    this.#levels.push({ path: '', volume, dir, unseen: new Set(names) });
  }

  /** Whether the entry is there; its name is then no longer unexpected. */
  find(name: string): boolean {
    const level = this.#levels.at(-1);
    return level?.unseen.delete(name) === true;
  }

  /** Reports an entry that is missing, unless its directory was reported. */
  reportMissing(entry: ManifestEntry): void {
    if (this.#dir !== undefined) this.#options.onBad(entry.volume, entry.path, 'is missing');
  }

  enterDir(name: string, path: string, entry: ManifestEntry): void {
    const above = this.#dir;
    const dir = above === undefined ? undefined : inBackup(() => above.open(name));
    if (above !== undefined && dir === undefined) this.#options.onBad(entry.volume, entry.path, 'is no directory');
    this.#levels.push({ path, volume: entry.volume, dir, unseen: new Set(dir?.list()) });
  }

  /** A directory that is missing: what the manifest has below it is passed over. */
  enterMissing(path: string, { volume }: ManifestEntry): void {
    this.#levels.push({ path, volume, dir: undefined, unseen: new Set() });
  }

  /** Where a file is read from; undefined below a missing directory. */
  place(name: string): Place | undefined {
    return this.#dir === undefined ? undefined : { fd: this.#dir.fd, name };
  }

  checkSymlink(name: string, target: string, entry: ManifestEntry): void {
    const dir = this.#dir;
    if (dir !== undefined && inBackup(() => dir.readlink(name)) !== target)
      this.#options.onBad(entry.volume, entry.path, 'points elsewhere');
  }

  checkHardlink(name: string, target: string, entry: ManifestEntry): void {
    const root = this.#levels[0]?.dir;
    const expected = root === undefined ? undefined : statOf(root, target);
    const found = this.#dir?.lstat(name);
    if (expected === undefined || found === undefined || expected.ino !== found.ino || !found.isFile())
      this.#options.onBad(entry.volume, entry.path, `is not the same file as ${showName(target)}`);
  }

  /** Ends the directories that are deeper than `depth`: names that the manifest did not have are extra. */
  leaveTo(depth: number): void {
    for (const { path, volume, dir, unseen } of this.#levels.splice(depth).toReversed()) {
      const prefix = path === '' ? '' : `${path}/`;
      for (const name of unseen) this.#options.onExtra(volume, showName(`${prefix}${name}`));
      this.#options.pool.after(() => dir?.close());
    }
  }

  get #dir(): Dir | undefined {
    return this.#levels.at(-1)?.dir;
  }
}

function volumeDir(backup: Dir, volume: string): Dir {
  const volumes = backup.open(VOLUMES_NAME);
  try {
    return volumes.open(nameOfText(volume));
  } finally {
    volumes.close();
  }
}

function statOf(root: Dir, path: string): ReturnType<Dir['lstat']> {
  return inBackup(() => {
    const place = openParent(root, path);
    const stats = place?.dir.lstat(place.name);
    place?.dir.close();
    return stats;
  });
}

/** A backup may be damaged in any way: what is missing or of another kind is undefined here. */
function inBackup<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL')) return undefined;
    throw error;
  }
}
