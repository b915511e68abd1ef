// How commits relate. Knows nothing of storage: it asks for a commit's parents.

import type { Ancestry, Oid } from './engine.ts';

/** A commit's parents; undefined when the commit is not here, `cut` when its parents were left out (shallow boundary). */
export type ParentsOf = (oid: Oid) => Promise<readonly Oid[] | 'cut' | undefined>;

/** The relation of two commits, or `unknown` when the answer lies beyond what is here. */
export async function relate(from: Oid, to: Oid, parentsOf: ParentsOf): Promise<Ancestry | 'unknown'> {
  if (from === to) return 'same';
  const forward = await reaches(to, from, parentsOf);
  if (forward === 'yes') return 'forward';
  const back = await reaches(from, to, parentsOf);
  if (back === 'yes') return 'rewound';
  return forward === 'unknown' || back === 'unknown' ? 'unknown' : 'rewritten';
}

/**
 * Whether a branch that was at `last` has lost it: its tip is an older commit, or of another history. Undefined while it has not;
 * `unknown` where the answer lies beyond what is here.
 */
export async function lossOf(
  last: Oid,
  tip: Oid | undefined,
  parentsOf: ParentsOf,
): Promise<'deleted' | 'rewound' | 'replaced' | 'unknown' | undefined> {
  if (tip === undefined) return 'deleted';
  const forward = await reaches(tip, last, parentsOf);
  if (forward === 'yes') return undefined;
  if ((await reaches(last, tip, parentsOf)) === 'yes') return 'rewound';
  return forward === 'no' ? 'replaced' : 'unknown';
}

/** Every commit that can be reached, itself included, newest first within each line; `complete` unless something was cut off. */
export async function reachable(
  start: Oid,
  parentsOf: ParentsOf,
  stop: { readonly at: ReadonlySet<Oid>; readonly max: number },
): Promise<{ readonly commits: ReadonlySet<Oid>; readonly complete: boolean }> {
  const commits = new Set<Oid>();
  const queue = [start];
  let complete = true;
  for (let i = 0; i < queue.length; i++) {
    const oid = queue[i];
    if (oid === undefined || commits.has(oid) || stop.at.has(oid)) continue;
    commits.add(oid);
    if (commits.size > stop.max) return { commits, complete: false };
    const parents = await parentsOf(oid);
    if (parents === undefined || parents === 'cut') complete = false;
    else queue.push(...parents);
  }
  return { commits, complete };
}

async function reaches(start: Oid, wanted: Oid, parentsOf: ParentsOf): Promise<'yes' | 'no' | 'unknown'> {
  const seen = new Set<Oid>();
  const queue = [start];
  let complete = true;
  for (let i = 0; i < queue.length; i++) {
    const oid = queue[i];
    if (oid === wanted) return 'yes';
    if (oid === undefined || seen.has(oid)) continue;
    seen.add(oid);
    const parents = await parentsOf(oid);
    if (parents === undefined || parents === 'cut') complete = false;
    else queue.push(...parents);
  }
  return complete ? 'no' : 'unknown';
}
