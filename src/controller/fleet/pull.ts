// Reads the desired branch when it moved.

import type { Problem } from '../../desired/text/problem.ts';
import type { Oid } from '../../git/engine.ts';
import { again, type ReconcileResult } from '../engine/queue.ts';
import { runYielding } from '../engine/run-yielding.ts';
import { timed } from '../engine/timed.ts';
import { announceErrors } from './announce-errors.ts';
import { announceProblems } from './announce-problems.ts';
import { announceUnlisted } from './announce-unlisted.ts';
import type { FleetDeps } from './deps.ts';
import { notePulled, notePullFailed, reportTrouble } from './pull-trouble.ts';
import { readFiles } from './read-files.ts';
import { restoreMemory } from './restore-memory.ts';
import { problemsInFiles, type Pulled } from './state.ts';
import { whyUnverified } from './verify-revision.ts';

/** Compares the tip, and reads a new commit. After a failed read the last good commit stays: it never looks like an empty repository. */
export async function pullBranch(deps: FleetDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { fleet, runtime, settings, notify } = deps;
  const before = fleet.gitTrouble;
  const last = fleet.pulled;
  try {
    await restoreMemory(deps, signal);
    if (await readNewCommit(deps, signal)) notify('CommitRead', {});
    notePulled(deps);
    announceUnlisted(last?.desired.unlisted, deps);
    announceErrors(last, deps);
  } catch (error) {
    if (!signal.aborted) notePullFailed(error, deps);
    throw error;
  } finally {
    reportTrouble(before, deps);
  }
  return again(settings.intervalMs * (0.95 + 0.1 * runtime.random()));
}

/** True when there is a commit to apply that was not read before. */
async function readNewCommit(deps: FleetDeps, signal: AbortSignal): Promise<boolean> {
  const { source, runtime, fleet } = deps;
  const { branch } = deps.settings;
  const known = fleet.pulled?.commit.oid;
  const tip = await timed(runtime, 'ls-refs', async () => await source.resolve(branch, signal));
  fleet.tip = tip;
  if (tip !== undefined && tip === known) return false;
  const oid = await timed(runtime, 'fetch', async () => await source.fetch(branch, signal, tip));
  fleet.tip = oid;
  if (oid === fleet.unverified?.commit) return false;
  const accepted = oid === known ? undefined : await acceptedCommit(oid, deps, signal);
  if (accepted === undefined) return false;
  const before = problemsInFiles(fleet);
  fleet.pulled = await readCommit(accepted, deps, signal);
  announceFiles(before, deps);
  await source.maintain(signal);
  return true;
}

/**
 * The commit to read for the tip `oid`: itself, or the one applied last when the signatures of `oid` are not accepted and nothing
 * was read since the start. Undefined: what was read before stays the desired state.
 */
async function acceptedCommit(oid: Oid, deps: FleetDeps, signal: AbortSignal): Promise<Oid | undefined> {
  const { fleet, runtime, settings, memory, notify } = deps;
  const applied = memory.current.appliedCommit;
  const because = await whyUnverified(deps, { tip: oid, applied }, signal);
  const revision = revisionOf(settings.branch, oid);
  fleet.unverified = because === undefined ? undefined : { commit: oid, revision, because };
  if (because === undefined) return oid;
  runtime.log.warn({ revision, reason: because }, 'Refusing revision: its signatures are not accepted');
  notify('GitStateChanged', {});
  return fleet.pulled === undefined ? applied : undefined;
}

async function readCommit(oid: Oid, deps: FleetDeps, signal: AbortSignal): Promise<Pulled> {
  const { source, runtime, memory, settings } = deps;
  const started = runtime.now();
  const files = await readFiles({ source, commit: oid, texts: deps.fileCache, signal });
  const desired = await runYielding(deps.readInSteps(files));
  const last = memory.current.appliedCommit;
  const ancestry = last === undefined ? 'first' : await source.ancestry(last, oid, signal);
  const commit = await source.commit(oid);
  const { objects } = desired.counts;
  const facts = { commit: oid, ancestry, files: files.length, objects, ms: runtime.now() - started };
  runtime.log.info(facts, 'Read revision');
  return { commit, revision: revisionOf(settings.branch, oid), desired, ancestry };
}

function announceFiles(before: readonly Problem[], { fleet, runtime }: FleetDeps): void {
  const problems = problemsInFiles(fleet);
  announceProblems(before, problems, runtime.log);
  const isSolved = before.length > 0 && problems.length === 0;
  if (isSolved) runtime.log.info({ revision: fleet.pulled?.revision }, 'Solved all problems in files');
}

/** `main@sha1:4f2a…`: with the algorithm, because SHA-256 repositories exist. */
export function revisionOf(branch: string, oid: Oid): string {
  return `${branch}@${oid.length === 64 ? 'sha256' : 'sha1'}:${oid}`;
}
