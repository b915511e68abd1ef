// The rebuild of a volume from its manifest: directories, links, and where the files are written to.

import type { Dir } from '../files/dir.ts';
import type { FilePool } from '../files/file-pool.ts';
import type { FileTarget } from '../files/file-task.ts';
import { showName } from '../files/names.ts';
import { openParent } from '../files/tree.ts';
import type { ManifestEntry } from '../manifest/manifest.ts';
import { TaskError } from '../task-error.ts';

export interface TargetOptions {
  readonly pool: FilePool;
  /** Instead of the owners in the manifest. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

interface Level {
  readonly dir: Dir;
  readonly entry: ManifestEntry;
}

/** The volume that is being built. Without a directory for the volume every method does nothing: the backup is only checked. */
export class TargetTree {
  readonly #options: TargetOptions;
  readonly #levels: Level[] = [];
  /** Only root can give files away. */
  readonly #giveAway = process.getuid?.() === 0;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  enterVolume(dir: Dir | undefined, entry: ManifestEntry): void {
    if (dir !== undefined) this.#levels.push({ dir, entry });
  }

  enterDir(name: string, entry: ManifestEntry): void {
    const above = this.#levels.at(-1);
    if (above !== undefined) this.#levels.push({ dir: above.dir.make(name), entry });
  }

  file(name: string, entry: Extract<ManifestEntry, { type: 'file' }>): FileTarget | undefined {
    const level = this.#levels.at(-1);
    if (level === undefined) return undefined;
    const place = { fd: level.dir.fd, name, mode: Number.parseInt(entry.mode, 8), mtime: entry.mtimeUs / 1e6 };
    return this.#giveAway ? { ...place, owner: this.#ownerOf(entry) } : place;
  }

  symlink(name: string, target: string, entry: ManifestEntry): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    const { uid, gid } = this.#ownerOf(entry);
    level.dir.symlink(name, target);
    if (this.#giveAway) level.dir.lchown(name, uid, gid);
    level.dir.lutimes(name, entry.mtimeUs / 1e6);
  }

  /** The second name of a file, made once the file is written. */
  hardlink(name: string, target: string, entry: ManifestEntry): void {
    const [top, into] = [this.#levels[0]?.dir, this.#levels.at(-1)?.dir];
    if (top === undefined || into === undefined) return;
    this.#options.pool.after(() => {
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

  /** Ends the directories that are deeper than `depth`. Modes and times come last, when nothing is written there any more. */
  leaveTo(depth: number): void {
    // The top is not ours to close, and its mode is the volume's own: the swap leaves it behind.
    const top = depth === 0 ? this.#levels.shift() : undefined;
    for (const { dir, entry } of this.#levels.splice(top === undefined ? depth : 0).toReversed())
      this.#options.pool.after(() => {
        this.#dress(dir, entry);
        dir.close();
      });
  }

  #dress(dir: Dir, entry: ManifestEntry): void {
    const { uid, gid } = this.#ownerOf(entry);
    if (this.#giveAway) dir.chown(uid, gid);
    if (entry.type === 'dir') dir.chmod(Number.parseInt(entry.mode, 8));
    dir.utimes(entry.mtimeUs / 1e6);
  }

  #ownerOf(entry: ManifestEntry): { readonly uid: number; readonly gid: number } {
    const { uid, gid } = this.#options.owner ?? entry;
    return { uid, gid };
  }
}
