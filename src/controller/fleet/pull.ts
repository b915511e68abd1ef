// The way in: looks at the desired branch, and when it moved, reads it.

import type { DesiredSet, SourceFile } from '../../desired/desired-set.ts';
import type { ReadInSteps } from '../../desired/read.ts';
import type { Ancestry, CommitInfo, GitSource, Oid } from '../../git/engine.ts';
import { codeOf, describeError } from '../../lib/errors.ts';
import { toTheEnd } from '../engine/in-steps.ts';
import { readFiles } from './read-files.ts';
import type { Runtime } from '../engine/runtime.ts';
import { timed } from '../engine/timed.ts';

/** What was read from one commit. */
export interface Pulled {
  readonly commit: CommitInfo;
  /** `branch@sha1:…` */
  readonly revision: string;
  readonly desired: DesiredSet;
  /** Relation to the commit applied last. */
  readonly ancestry: Ancestry | 'first';
}

/** The last look at the branch, for status and metrics. */
export interface PullState {
  readonly pulled: Pulled | undefined;
  /** The tip seen last; may be newer than `pulled` while a fetch fails. */
  readonly tip: Oid | undefined;
  readonly trouble: { readonly code: string; readonly message: string; readonly since: number } | undefined;
}

export interface Puller {
  /** One look. Resolves to true when there is something new to apply. Throws what the queue should retry. */
  pull(signal: AbortSignal): Promise<boolean>;
  readonly state: PullState;
}

export interface PullOptions {
  readonly source: GitSource;
  readonly branch: string;
  readonly readInSteps: ReadInSteps;
  /** The commit whose content was applied last, from the cluster's memory. */
  readonly lastApplied: () => Oid | undefined;
  readonly runtime: Runtime;
}

/** Reads the branch by commit id. Any trouble leaves the last good state in force: a failed read never looks empty. */
export function createPuller(options: PullOptions): Puller {
  const texts = new Map<Oid, SourceFile>();
  let state: PullState = { pulled: undefined, tip: undefined, trouble: undefined };

  async function pull(signal: AbortSignal): Promise<boolean> {
    try {
      const changed = await look(signal);
      state = { ...state, trouble: undefined };
      return changed;
    } catch (error) {
      if (!signal.aborted) state = { ...state, trouble: troubleOf(error, state.trouble, options.runtime.now()) };
      throw error;
    }
  }

  async function look(signal: AbortSignal): Promise<boolean> {
    const { source, branch, runtime } = options;
    const tip = await timed(runtime, 'ls-refs', async () => await source.resolve(branch, signal));
    state = { ...state, tip };
    if (tip !== undefined && tip === state.pulled?.commit.oid) return false;
    const oid = await timed(runtime, 'fetch', async () => await source.fetch(branch, signal, tip));
    if (oid === state.pulled?.commit.oid) return false;
    state = { ...state, tip: oid, pulled: await read(oid, signal) };
    await source.maintain(signal);
    return true;
  }

  async function read(oid: Oid, signal: AbortSignal): Promise<Pulled> {
    const { source, branch, runtime } = options;
    const started = runtime.now();
    const files = await readFiles({ source, commit: oid, texts, signal });
    const desired = await toTheEnd(options.readInSteps(files));
    const errors = desired.problems.filter(({ level }) => level === 'error').length;
    runtime.telemetry.problems({ errors, warnings: desired.problems.length - errors });
    const last = options.lastApplied();
    const ancestry = last === undefined ? 'first' : await source.ancestry(last, oid, signal);
    const commit = await source.commit(oid);
    const facts = {
      commit: oid,
      ancestry,
      files: files.length,
      objects: desired.counts.objects,
      ms: runtime.now() - started,
    };
    runtime.log.info(facts, 'Read revision');
    return { commit, revision: revisionOf(branch, oid), desired, ancestry };
  }

  return {
    pull,
    get state() {
      return state;
    },
  };
}

/** `main@sha1:4f2a…`: the algorithm is said, because SHA-256 repositories exist. */
export function revisionOf(branch: string, oid: Oid): string {
  return `${branch}@${oid.length === 64 ? 'sha256' : 'sha1'}:${oid}`;
}

function troubleOf(error: unknown, before: PullState['trouble'], now: number): NonNullable<PullState['trouble']> {
  const code = codeOf(error) ?? 'FAILED';
  return { code, message: describeError(error), since: before?.code === code ? before.since : now };
}
