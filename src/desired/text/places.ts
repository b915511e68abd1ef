// The positions of the values of a document in its file.

import type { Path } from '../../lib/json-pointer.ts';

/** Both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offsets of a value and, for a member of an object, of its key. */
interface Place {
  readonly key?: number;
  readonly value: number;
}

/** A tree, because the path of each value as a text would be as long as all keys above it. */
interface Branch {
  place?: Place;
  members?: Map<string, Branch>;
}

/** Stores offsets while a document is read; returns lines and columns. */
export class Places {
  readonly #root: Branch = {};
  readonly #lineStarts: readonly number[];

  constructor(lineStarts: readonly number[]) {
    this.#lineStarts = lineStarts;
  }

  add(path: Path, place: Place): void {
    let branch = this.#root;
    for (const part of path) {
      branch.members ??= new Map();
      const below = branch.members.get(String(part)) ?? {};
      branch.members.set(String(part), below);
      branch = below;
    }
    branch.place = place;
  }

  has(path: Path): boolean {
    return this.#find(path) !== undefined;
  }

  /**
   * The position of the value at `path`, or of its key. For a missing value it is the position of the key of its parent.
   */
  of(path: Path, part: 'key' | 'value' = 'value'): Position {
    const place = this.#find(path);
    if (place !== undefined) return this.position(part === 'key' ? (place.key ?? place.value) : place.value);
    return path.length === 0 ? { line: 1, column: 1 } : this.of(path.slice(0, -1), 'key');
  }

  /** The offset of the value at `path`, 0 when it is missing. */
  offset(path: Path): number {
    return this.#find(path)?.value ?? 0;
  }

  /** The position of an offset, by binary search. */
  position(offset: number): Position {
    let low = 0;
    let high = this.#lineStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return { line: Math.max(1, low), column: offset - (this.#lineStarts[low - 1] ?? 0) + 1 };
  }

  #find(path: Path): Place | undefined {
    let branch: Branch | undefined = this.#root;
    for (const part of path) branch = branch?.members?.get(String(part));
    return branch?.place;
  }
}
