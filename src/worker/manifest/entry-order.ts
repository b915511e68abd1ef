// Checks that a manifest's entries are the depth-first walk of a tree: parents first, names ascending, nothing twice.

/**
 * With this order alone, a path can't leave its volume, can't lie below a link or a file, and can't come twice, and
 * checking it needs no more memory than one path. Volumes and paths are bytes; the root's path is ''.
 */
export class EntryOrder {
  #volume: string | undefined;
  readonly #seen = new Set<string>();
  #parts: readonly string[] = [];
  #isDir = false;

  /** Why the entry can't come now, or undefined; remembers it when it can. */
  accept(volume: string, path: string, isDir: boolean): string | undefined {
    const parts = path === '' ? [] : path.split('/');
    const why = volume === this.#volume ? this.#whyNot(parts) : this.#whyNotStart(volume, parts, isDir);
    if (why !== undefined) return why;
    this.#parts = parts;
    this.#isDir = isDir;
    return undefined;
  }

  #whyNotStart(volume: string, parts: readonly string[], isDir: boolean): string | undefined {
    if (this.#seen.has(volume)) return 'comes after the entries of another volume';
    if (parts.length > 0 || !isDir) return 'comes before the directory of its volume';
    this.#seen.add(volume);
    this.#volume = volume;
    return undefined;
  }

  #whyNot(parts: readonly string[]): string | undefined {
    if (parts.length === 0) return 'is there twice';
    const depth = parts.length - 1;
    const openDirs = this.#isDir ? this.#parts.length : this.#parts.length - 1;
    if (depth > openDirs || parts.slice(0, depth).some((part, index) => part !== this.#parts[index]))
      return 'has a parent that is no directory of this manifest';
    const previous = this.#parts[depth];
    const name = parts[depth] ?? '';
    return previous === undefined || previous < name ? undefined : 'is there twice or out of order';
  }
}
