// How much is read of what other executors wrote: all of it together has a budget, and the executors of the Fleet come first.

import type { ReadableFiles } from '../../status/readme.ts';

interface ForeignBudget {
  readonly files: number;
  readonly characters: number;
}

/** A thousand nodes with their records have some six million characters. */
const LISTED: ForeignBudget = { files: 50_000, characters: 64 * 2 ** 20 };
const UNLISTED: ForeignBudget = { files: 2_000, characters: 4 * 2 ** 20 };

/** What the front page is made from. */
const SHOWN = /^[^/]+\/(?:sync\.yaml$|nodes\/|jobs\/)/;

/**
 * `listed`: the executors that are read first, in that order. Nothing depends on who asks: else two controllers would write another
 * front page in turn.
 */
export function withinBudget(tree: ReadonlyMap<string, string>, listed: readonly string[]): ReadableFiles {
  const places = new Map(listed.map((executor, place) => [executor, place]));
  const placeOf = (path: string): number => places.get(folderOf(path)) ?? places.size;
  const inOrder = [...tree].sort(([a], [b]) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
  const [left, leftOfOthers] = [{ ...LISTED }, { ...UNLISTED }];
  const files = new Map<string, string>();
  const leftOut = new Set<string>();
  for (const [path, text] of inOrder) {
    const folder = folderOf(path);
    if (!SHOWN.test(path)) continue;
    if (takes(text, places.has(folder) ? left : leftOfOthers)) files.set(path, text);
    else leftOut.add(folder);
  }
  return { files, leftOut: [...leftOut].sort() };
}

type Left = { -readonly [Name in keyof ForeignBudget]: ForeignBudget[Name] };

/** What no longer fits ends the reading: a small file after a large one is left out too. */
function takes(text: string, left: Left): boolean {
  left.files -= 1;
  left.characters -= text.length;
  return Math.min(left.files, left.characters) >= 0;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.indexOf('/')));
}
