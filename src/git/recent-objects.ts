// Objects read a moment ago: the bases of deltas are asked for again and again.

import type { ObjectType } from './pack-entry.ts';

export interface GitObject {
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** A cache that holds at most `maxBytes` of content and forgets what was not asked for longest. */
export class RecentObjects {
  readonly #objects = new Map<string, GitObject>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): GitObject | undefined {
    const found = this.#objects.get(key);
    if (found === undefined) return undefined;
    this.#objects.delete(key);
    this.#objects.set(key, found);
    return found;
  }

  set(key: string, object: GitObject): void {
    if (object.content.length > this.#maxBytes / 8 || this.#objects.has(key)) return;
    this.#objects.set(key, object);
    this.#bytes += object.content.length;
    for (const [oldest, { content }] of this.#objects) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#objects.delete(oldest);
      this.#bytes -= content.length;
    }
  }

  clear(): void {
    this.#objects.clear();
    this.#bytes = 0;
  }
}
