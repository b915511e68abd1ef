// The desired branch, read without a work tree: the GitSource of engine.ts.

import { parseCommit, signatureOf } from './commit-object.ts';
import type { Ancestry, GitSource, Limits, Oid } from './engine.ts';
import { GitError } from './errors.ts';
import { parentsOf, type Generation } from './generation.ts';
import { reachable, relate } from './history.ts';
import { lastChange } from './last-change.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { listTree } from './listing.ts';
import { Mirror } from './mirror.ts';
import type { RemoteOptions } from './remote.ts';
import { readCommitObject } from './verify.ts';

export interface SourceOptions extends RemoteOptions {
  /** A folder for the object store; used by this source alone. It may be lost: everything in it is fetched again. */
  readonly directory: string;
  readonly limits?: Partial<Limits>;
}

const SOME_HISTORY = 256;
const MAX_BETWEEN = 10_000;

/** A source over HTTP(S). Throws UNSUPPORTED_URL at once; nothing is read or written before the first call. */
export function createGitSource(options: SourceOptions): GitSource {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const mirror = new Mirror({ ...options, limits });
  const fetched: Fetched = { mirror, branch: 'main' };

  return {
    resolve: (branch, signal) => mirror.run(signal, (operation) => mirror.resolve(operation, branch)),
    fetch: async (branch, signal, tip) => {
      const tipOid = await mirror.run(signal, (operation) =>
        tip === undefined ? mirror.fetch(operation, branch) : mirror.fetchTip(operation, branch, tip),
      );
      fetched.branch = branch;
      return tipOid;
    },
    list: (commit, { skip } = {}) =>
      mirror.reading(async ({ store, trees }) => {
        const { tree } = parseCommit(commit, (await readCommitObject(store, commit)).content);
        return listTree(tree, { store, limits, cache: trees, skip });
      }),
    read: (blob) => mirror.reading(async ({ store }) => (await store.read(blob, limits.maxFileBytes)).content),
    ancestry: (from, to, signal) => ancestry(fetched, { from, to }, signal),
    between: async (from, to, signal) => {
      await ancestry(fetched, { from, to }, signal); // fetches the history that the answer needs
      const first = await mirror.reading((generation) => newCommits(generation, from, to));
      if (first.complete) return first.commits;
      // A merged side line may be cut off although the main line is here; it must not escape verification.
      await mirror.run(signal, (operation) => mirror.deepen(operation, fetched.branch, 'all'));
      const second = await mirror.reading((generation) => newCommits(generation, from, to));
      if (second.complete) return second.commits;
      throw new GitError(
        'OBJECT_MISSING',
        'The Git server leaves out the history of a merged commit, so its commits cannot be listed; check that the repository is no shallow clone',
      );
    },
    commit: (oid) =>
      mirror.reading(async ({ store }) => parseCommit(oid, (await readCommitObject(store, oid)).content)),
    lastChange: (commit, path) => mirror.reading((generation) => lastChange(generation, commit, path)),
    signature: (oid) => mirror.reading(async ({ store }) => signatureOf((await readCommitObject(store, oid)).content)),
    maintain: (signal) => mirror.run(signal, (operation) => mirror.maintain(operation, fetched.branch)),
    close: () => mirror.close(),
  };
}

interface Fetched {
  readonly mirror: Mirror;
  /** The branch that commits were fetched from last: deepening goes there. */
  branch: string;
}

interface Pair {
  readonly from: Oid;
  readonly to: Oid;
}

async function ancestry(fetched: Fetched, { from, to }: Pair, signal: AbortSignal): Promise<Ancestry> {
  const { mirror } = fetched;
  const here = (): Promise<Ancestry | 'unknown'> =>
    mirror.reading((generation) => relate(from, to, (oid) => parentsOf(generation, oid)));
  const first = await here();
  if (first !== 'unknown') return first;
  return mirror.run(signal, async (operation) => {
    for (const depth of [SOME_HISTORY, 'all'] as const) {
      if (await isShallow(mirror)) await mirror.deepen(operation, fetched.branch, depth);
      const answer = await here();
      if (answer !== 'unknown') return answer;
    }
    // A branch that was moved back no longer leads to `from`; some servers still give it, by its id.
    const isFound = await mirror.fetchCommit(operation, from, fetched.branch);
    const answer = isFound ? await here() : 'rewritten';
    return answer === 'unknown' ? 'rewritten' : answer;
  });
}

async function isShallow(mirror: Mirror): Promise<boolean> {
  return (await mirror.generation()).shallow.size > 0;
}

async function newCommits(
  generation: Generation,
  from: Oid,
  to: Oid,
): Promise<{ readonly commits: readonly Oid[]; readonly complete: boolean }> {
  const ask = (oid: Oid): ReturnType<typeof parentsOf> => parentsOf(generation, oid);
  const old = await reachable(from, ask, { at: new Set(), max: Number.POSITIVE_INFINITY });
  const { commits, complete } = await reachable(to, ask, { at: old.commits, max: MAX_BETWEEN });
  if (commits.size > MAX_BETWEEN)
    throw new GitError('TOO_LARGE', `More than ${MAX_BETWEEN} commits came at once; approve a newer starting commit`);
  return { commits: [...commits], complete };
}
