// Requests that the clock files: which runs are due, by the cron expressions of schedules/.

import { jobKeyOf } from '../../../api/job-object.ts';
import { keyOf } from '../../../api/objects.ts';
import type { DesiredRequest, DesiredSchedule } from '../../../desired/desired-set.ts';
import type { JobRecord } from '../../../jobs/requests/record.ts';
import { nextRun } from '../../../jobs/requests/schedule-clock.ts';
import { dueRun, type ScheduleDecision } from '../../../jobs/requests/schedule.ts';
import { defined } from '../../../lib/defined.ts';
import { describeError } from '../../../lib/errors.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import { timestamp } from '../../../lib/timestamp.ts';
import type { ScheduleView } from '../../../status/fleet-view.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Pulled } from '../../fleet/state.ts';
import type { Records } from '../records.ts';
import type { Runtime } from '../../engine/runtime.ts';
import type { Suspensions } from '../../node/suspensions.ts';
import { scheduleViews } from './schedule-views.ts';
import { retentionRequests } from './retention-request.ts';
import { retentionsOf, runsOf } from './schedule-runs.ts';
import { scheduledRequests } from './scheduled-requests.ts';

export interface Schedules {
  /** The requests of schedules that are due or under way, by `Kind/namespace/name`. */
  requests(pulled: Pulled): ReadonlyMap<string, DesiredRequest>;
  /** Files due runs. `trustRemovals`: false while a guard holds removals. */
  tick(pulled: Pulled, trustRemovals: boolean): Promise<Ticked>;
  /** What each did last and does next. */
  views(pulled: Pulled): readonly ScheduleView[];
}

export interface Ticked {
  /** When the next reconciliation is needed, in milliseconds from now; undefined for never. */
  readonly nextMs: number | undefined;
  /** Whether what was skipped has changed. */
  readonly skipped: boolean;
}

interface ScheduleDeps {
  readonly executor: string;
  readonly memory: Memory;
  readonly records: Records;
  readonly runtime: Runtime;
  readonly suspensions: Pick<Suspensions, 'ofFleet'>;
}

/**
 * When each schedule was last dealt with, and what it skipped, is in the controller's memory: a restart neither repeats nor
 * forgets a run.
 */
export function createSchedules(deps: ScheduleDeps): Schedules {
  const { executor, memory, records, runtime, suspensions } = deps;
  const filed = createFiled(records);

  function own({ desired }: Pulled): readonly DesiredSchedule[] {
    return [...desired.schedules.values()].filter((schedule) => schedule.executor === executor);
  }

  async function decide(schedule: DesiredSchedule, suspended: boolean): Promise<number | undefined> {
    const runs = { runs: filed.runs(schedule), pending: filed.pending(schedule) };
    const decision = decisionOn(schedule, { ...runs, suspended }, deps);
    // A filed run counts as dealt with only once it is on record: until then a crash would forget it.
    if (decision?.file !== undefined) filed.file(schedule, decision.file.name);
    else if (decision !== undefined && decision.lastScheduled !== memory.current.schedules[keyOf(schedule)])
      await settle(schedule, decision, deps);
    return decision?.next;
  }

  return {
    requests: (pulled) => {
      const requests = own(pulled).flatMap((schedule) => [
        ...scheduledRequests(schedule, filed.runs(schedule), filed.pending(schedule)),
        ...retentionRequests(schedule, filed.runs(schedule), retentionsOf(keyOf(schedule), records)),
      ]);
      return new Map(requests.map((one) => [jobKeyOf(one.request), one]));
    },
    async tick(pulled, trustRemovals) {
      const times: number[] = [];
      const before = memory.current.skips;
      if (trustRemovals) await forgetRemoved(pulled, new Set(own(pulled).map(keyOf)), memory);
      for (const schedule of own(pulled)) {
        const next = await decide(schedule, suspensions.ofFleet() !== undefined);
        if (next !== undefined) times.push(next);
      }
      const nextMs = times.length === 0 ? undefined : Math.max(1000, Math.min(...times) - runtime.now());
      return { nextMs, skipped: !sameJson(before, memory.current.skips) };
    },
    views: (pulled) => scheduleViews(own(pulled), { records, skips: memory.current.skips, now: runtime.now() }),
  };
}

interface Filed {
  /** Its runs that are on record. */
  runs(schedule: DesiredSchedule): readonly JobRecord[];
  /** The run that was filed and has no record yet: at most one. */
  pending(schedule: DesiredSchedule): string | undefined;
  file(schedule: DesiredSchedule, name: string): void;
}

function createFiled(records: Records): Filed {
  const names = new Map<string, string>();
  return {
    runs: (schedule) => runsOf(keyOf(schedule), records),
    pending(schedule) {
      const key = keyOf(schedule);
      const name = names.get(key);
      const { namespace, spec } = schedule;
      if (name === undefined) return undefined;
      if (!records.pushedAll().has(jobKeyOf({ kind: spec.template.kind, metadata: { namespace, name } }))) return name;
      names.delete(key);
      return undefined;
    },
    file: (schedule, name) => void names.set(keyOf(schedule), name),
  };
}

interface RunsSoFar {
  readonly runs: readonly JobRecord[];
  readonly pending: string | undefined;
  /** Whether the Fleet is suspended. */
  readonly suspended: boolean;
}

/** Which run is due. Undefined when that cannot be computed: one schedule must not stop the others, nor the job requests. */
function decisionOn(
  schedule: DesiredSchedule,
  { runs, pending, suspended }: RunsSoFar,
  { memory, runtime }: ScheduleDeps,
): ScheduleDecision | undefined {
  const spec = suspended ? { ...schedule.spec, suspend: true } : schedule.spec;
  const now = runtime.now();
  try {
    const decision = dueRun({
      name: schedule.name,
      spec,
      lastScheduled: memory.current.schedules[keyOf(schedule)] ?? now,
      now,
      nextTime: (after) => nextRun(spec, after),
      runs,
      ...defined({ pending }),
    });
    const isHeldBack = suspended && decision.skipped !== undefined;
    return isHeldBack ? { ...decision, skipped: 'the Fleet is suspended' } : decision;
  } catch (error) {
    runtime.log.error(
      { schedule: keyOf(schedule), error: describeError(error) },
      'Computing the next run of a schedule failed',
    );
    return undefined;
  }
}

/** Remembers up to when the schedule is dealt with, and what it skipped. */
async function settle(
  schedule: DesiredSchedule,
  { lastScheduled, skipped, recorded }: ScheduleDecision,
  { memory, runtime }: ScheduleDeps,
): Promise<void> {
  const key = keyOf(schedule);
  const isReported = skipped !== undefined && !schedule.spec.suspend;
  if (isReported) runtime.log.warn({ schedule: key, reason: skipped }, 'Skipping a scheduled run');
  await memory.save(({ schedules, skips: { [key]: before, ...others } }) => {
    const reported = isReported ? `${timestamp(lastScheduled)}: ${skipped}` : before;
    return {
      schedules: { ...schedules, [key]: lastScheduled },
      skips: reported === undefined || recorded === true ? others : { ...others, [key]: reported },
    };
  });
}

/** A schedule that comes back under the name of a removed one has missed nothing meanwhile. */
async function forgetRemoved(
  { desired: { fleetBroken, brokenFiles } }: Pulled,
  known: ReadonlySet<string>,
  memory: Memory,
): Promise<void> {
  if (fleetBroken || brokenFiles.size > 0) return;
  const isKnown = ([key]: readonly [string, unknown]): boolean => known.has(key);
  await memory.save(({ schedules, skips }) => ({
    schedules: Object.fromEntries(Object.entries(schedules).filter(isKnown)),
    skips: Object.fromEntries(Object.entries(skips).filter(isKnown)),
  }));
}
