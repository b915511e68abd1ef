// Decides whether a revision carries the signatures that the verification file asks for. Pure: history is asked for by functions.

import { isCovered, type Verification, type VerificationRule } from './verification-file.ts';
import type { SignerVerdict } from './verifier.ts';

/** What is asked about history. Commits are named by their ids. */
export interface History {
  parents(commit: string): Promise<readonly string[]>;
  signer(commit: string): Promise<SignerVerdict>;
  /** Path → id of the content, of one commit's whole tree. */
  files(commit: string): Promise<ReadonlyMap<string, string>>;
}

export interface Revision {
  readonly tip: string;
  /** The commit whose content is trusted already; undefined on a first start without `since`. */
  readonly trusted: string | undefined;
  /** Commits that `tip` has and `trusted` has not. Empty when the branch was moved back. */
  readonly commits: readonly string[];
}

export type RevisionVerdict = { readonly ok: true } | { readonly ok: false; readonly because: string };

const ACCEPTED: RevisionVerdict = { ok: true };

/** The first reason not to trust the revision, in the order: signatures of commits, then rules of paths. */
export async function judgeRevision(
  revision: Revision,
  { mode, rules }: Pick<Verification, 'mode' | 'rules'>,
  history: History,
): Promise<RevisionVerdict> {
  // The tip is always judged: a branch that was moved back has no new commits.
  const judged = mode === 'tip' ? [revision.tip] : new Set([...revision.commits, revision.tip]);
  for (const commit of judged) {
    const verdict = await history.signer(commit);
    if (!verdict.ok) return refused(`commit ${short(commit)}: ${verdict.because}`);
  }
  return await judgeRules(revision, rules, history);
}

async function judgeRules(
  { tip, trusted, commits }: Revision,
  rules: readonly VerificationRule[],
  history: History,
): Promise<RevisionVerdict> {
  if (rules.length === 0 || trusted === undefined) return ACCEPTED;
  const [before, after] = [await history.files(trusted), await history.files(tip)];
  const isNew = new Set([...commits, tip]);
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const covering = before.get(path) === after.get(path) ? [] : rules.filter(({ paths }) => isCovered(path, paths));
    if (covering.length === 0) continue;
    const signers = await signersOf({ path, tip, isNew }, history);
    const missing = covering.flatMap((rule) => missingFor(rule, signers) ?? [])[0];
    if (missing !== undefined) return refused(`${path} ${missing}`);
  }
  return ACCEPTED;
}

/**
 * Who stands for the content of a path: the signers of the merge commits that took it to the branch, and of the commit that
 * wrote it. Walks from the tip to where the content comes from. A signature below an earlier content of the path never counts.
 */
async function signersOf(
  { path, tip, isNew }: { readonly path: string; readonly tip: string; readonly isNew: ReadonlySet<string> },
  history: History,
): Promise<ReadonlySet<string>> {
  const signers = new Set<string>();
  let at = tip;
  const contentAt = async (commit: string): Promise<string | undefined> => (await history.files(commit)).get(path);
  const content = await contentAt(tip);
  for (;;) {
    const parents = await history.parents(at);
    const [first] = parents;
    let source: string | undefined;
    for (const parent of parents) {
      if ((await contentAt(parent)) !== content) continue;
      source = parent;
      break;
    }
    if (source === undefined || source !== first) {
      const verdict = await history.signer(at);
      if (verdict.ok) signers.add(verdict.principal);
    }
    if (source === undefined || !isNew.has(source)) return signers;
    at = source;
  }
}

function missingFor(
  { signers: needed, principals, orMergedBy = [] }: VerificationRule,
  signers: ReadonlySet<string>,
): string | undefined {
  if (orMergedBy.some((principal) => signers.has(principal))) return undefined;
  const counted = [...signers].filter((signer) => principals === undefined || principals.includes(signer));
  if (counted.length >= needed) return undefined;
  const who = principals === undefined ? 'different signers' : `signers of ${principals.join(', ')}`;
  const merged = orMergedBy.length === 0 ? '' : `, or a merge signed by ${orMergedBy.join(' or ')}`;
  return `needs ${needed} ${who}${merged}; its change was signed by ${counted.length === 0 ? 'none of them' : counted.join(', ')}`;
}

function refused(because: string): RevisionVerdict {
  return { ok: false, because };
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
