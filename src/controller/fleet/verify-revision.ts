// Whether a commit of the desired branch may be applied: the signatures of all that it changes.

import type { GitSource, Oid } from '../../git/engine.ts';
import { judgeRevision, type History, type Revision } from '../../signatures/judge.ts';
import type { Trust, Verifier } from '../../signatures/verifier.ts';

/** What is read of history. */
type Commits = Pick<GitSource, 'ancestry' | 'between' | 'commit' | 'list' | 'signature'>;

interface VerifyDeps {
  readonly source: Commits;
  /** Undefined: signatures are not asked for. */
  readonly trust: Trust | undefined;
}

/**
 * Why `tip` must not be applied, or undefined. `applied` is the commit whose content is trusted already; on a first start the
 * tip is judged, and what came after `since` where the verification file names one.
 */
export async function whyUnverified(
  { source, trust }: VerifyDeps,
  { tip, applied }: { readonly tip: Oid; readonly applied: Oid | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (trust === undefined) return undefined;
  const revision = await readRevision({ source, tip, trusted: applied ?? trust.verification.since }, signal);
  const verdict = await judgeRevision(revision, trust.verification, historyOf(source, trust.verify));
  return verdict.ok ? undefined : verdict.because;
}

interface Range {
  readonly source: Commits;
  readonly tip: Oid;
  readonly trusted: Oid | undefined;
}

async function readRevision({ source, tip, trusted }: Range, signal: AbortSignal): Promise<Revision> {
  if (trusted === undefined) return { tip, trusted, commits: [] };
  const ancestry = await source.ancestry(trusted, tip, signal);
  // A branch that was moved back adds no commit that was not trusted before.
  const isNew = ancestry === 'forward' || ancestry === 'rewritten';
  return { tip, trusted, commits: isNew ? await source.between(trusted, tip, signal) : [] };
}

/** Each commit is read and each signature is verified once. */
function historyOf(source: Commits, verify: Verifier): History {
  const signers = new Map<Oid, ReturnType<History['signer']>>();
  const trees = new Map<Oid, ReturnType<History['files']>>();
  return {
    parents: async (commit) => (await source.commit(commit)).parents,
    signer: (commit) => once(signers, commit, async () => await verify(await source.signature(commit))),
    files: (commit) =>
      once(trees, commit, async () => new Map((await source.list(commit)).map(({ path, oid }) => [path, oid]))),
  };
}

function once<Value>(known: Map<Oid, Promise<Value>>, commit: Oid, read: () => Promise<Value>): Promise<Value> {
  const value = known.get(commit) ?? read();
  known.set(commit, value);
  return value;
}
