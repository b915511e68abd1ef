// After a loss of the status branch: which requests may have run before, so that none of them runs again unasked.

import type { DesiredSet } from '../../desired/desired-set.ts';
import { describeError } from '../../lib/errors.ts';
import { runYielding } from '../engine/run-yielding.ts';
import { readFiles } from '../fleet/read-files.ts';
import type { Pulled } from '../fleet/state.ts';
import type { RequestsDeps } from './deps.ts';

/** Stores them before anything is claimed. A request with an object is not among them: the object says what it did. */
export async function noteUnrecorded(pulled: Pulled, deps: RequestsDeps, signal: AbortSignal): Promise<void> {
  const { memory, runtime, jobs } = deps;
  const lostAt = memory.current.recordsLostAt;
  if (lostAt === undefined) return;
  const before = await desiredAt({ commit: lostAt, pulled }, deps, signal);
  const records = deps.records.pushedAll();
  const old = [...pulled.desired.requests.keys()].filter(
    (key) => before.requests.has(key) && !records.has(key) && jobs.get(key) === undefined,
  );
  runtime.log.warn({ commit: lostAt, jobs: old.length }, 'Holding job requests whose records were lost');
  await memory.save(({ unrecorded }) => ({
    unrecorded: [...new Set([...unrecorded, ...old])].sort(),
    recordsLostAt: undefined,
  }));
}

/** A commit that cannot be read: every request of now may be one of then. */
async function desiredAt(
  { commit, pulled }: { readonly commit: string; readonly pulled: Pulled },
  { source, fileCache, readInSteps, runtime }: RequestsDeps,
  signal: AbortSignal,
): Promise<Pick<DesiredSet, 'requests'>> {
  if (commit === 'unknown' || commit === pulled.commit.oid) return pulled.desired;
  try {
    const files = await readFiles({ source, commit, texts: fileCache, signal });
    return await runYielding(readInSteps(files));
  } catch (error) {
    signal.throwIfAborted();
    runtime.log.warn({ commit, reason: describeError(error) }, 'Reading the applied commit failed');
    return pulled.desired;
  }
}

/** Those that were claimed after an approval, and those whose file is gone, are no longer held. */
export async function settleUnrecorded({ desired }: Pulled, { memory, records }: RequestsDeps): Promise<void> {
  if (memory.current.unrecorded.length === 0) return;
  const isReadable = !desired.fleetBroken && desired.brokenFiles.size === 0;
  await memory.save(({ unrecorded }) => ({
    unrecorded: unrecorded.filter(
      (key) => records.next(key) === undefined && (!isReadable || desired.requests.has(key)),
    ),
  }));
}
