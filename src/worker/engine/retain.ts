// Retain: forgets the snapshots of one schedule that its rule does not keep, and frees their space.

import type { RetainParameters } from '../../api/worker-task.ts';
import { keepNewest } from '../../lib/dates/keep-newest.ts';
import type { TaskContext } from '../context.ts';
import { openRepository, snapshotsWith, tagOf } from './repository.ts';
import { runEngine, type Engine } from './run-engine.ts';

export interface RetainResult {
  readonly ok: true;
  readonly kept: number;
  /** Ids of snapshots. */
  readonly removed: readonly string[];
  /** Ids of all snapshots that are in the repository now, also those that others made. */
  readonly left: readonly string[];
}

/**
 * What the repository has decides, not what a record says: only snapshots with our tag and that of the schedule, and of
 * them only those that have the tag of a manifest count as good. The newest good one is never removed.
 */
export async function retain(params: Omit<RetainParameters, 'verb'>, context: TaskContext): Promise<RetainResult> {
  const engine: Engine = { repository: params.repository, scratch: params.at, context };
  await openRepository(engine, { create: false });
  const found = await snapshotsWith(engine, [tagOf.schedule(params.schedule)]);
  const dated = found.map(({ id, time, tags }) => ({ id, at: Date.parse(time), tags })).toReversed();
  const good = dated.filter(({ tags }) => tags.some((tag) => tag.startsWith(tagOf.manifest(''))));
  const kept = new Set([...keepNewest(good, params.keep)].map(({ id }) => id));
  const newest = good[0]?.at ?? Number.NEGATIVE_INFINITY;
  const removed = dated.filter(({ id, at }) => !kept.has(id) && at < newest).map(({ id }) => id);
  context.say(`${found.length} snapshots of ${params.schedule}; removing ${removed.length}`);
  if (removed.length > 0) await runEngine(engine, { args: ['forget', ...removed] });
  context.onStep?.('forgotten');
  // Also after a run that was killed between both.
  await runEngine(engine, { args: ['prune'], onLine: () => undefined });
  const left = (await snapshotsWith(engine, [])).map(({ id }) => id);
  return { ok: true, kept: found.length - removed.length, removed, left };
}
