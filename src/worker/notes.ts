// A list that may be long: counts all, keeps the first thousand.

import type { Noted } from './manifest/manifest.ts';

const KEPT = 1000;

export class Notes {
  readonly first: Noted[] = [];
  count = 0;

  add(note: Noted): void {
    this.count += 1;
    if (this.first.length < KEPT) this.first.push(note);
  }

  /** The list and its count under the names that a document gives them. */
  as<List extends string, Count extends string>(
    list: List,
    count: Count,
  ): Record<List, Noted[]> & Record<Count, number> {
    return { [list]: this.first, [count]: this.count } as Record<List, Noted[]> & Record<Count, number>;
  }
}
