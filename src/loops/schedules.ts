// Requests that the clock files: which runs are due, by the cron expressions of schedules/.

import { ANNOTATION, API_VERSION } from '../api/group.ts';
import type { DesiredRequest, DesiredSchedule } from '../desired/desired-set.ts';
import { findJobKind } from '../jobs/index.ts';
import { type JobRecord, UNREADABLE } from '../jobs/record.ts';
import { isFinal } from '../api/job-status.ts';
import { dueRun } from '../jobs/schedule.ts';
import { digestOf } from '../lib/hash.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { ScheduleView } from '../status/fleet-view.ts';
import type { Memory } from './memory.ts';
import type { Pulled } from './pull.ts';
import type { Records } from './records.ts';
import type { Runtime } from './runtime.ts';
import { createScheduleClock } from './schedule-clock.ts';
import { keyOf, scheduleViews } from './schedule-views.ts';

export interface Schedules {
  /** The requests of schedules that are due or under way, by `Kind/namespace/name`. */
  requests(pulled: Pulled): ReadonlyMap<string, DesiredRequest>;
  /** Files due runs. */
  tick(pulled: Pulled): Promise<Ticked>;
  /** What each did last and does next. */
  views(pulled: Pulled): readonly ScheduleView[];
}

export interface Ticked {
  /** When the next look is needed, in milliseconds from now; undefined for never. */
  readonly nextMs: number | undefined;
  /** Whether a run was due and not filed. */
  readonly skipped: boolean;
}

interface ScheduleRooms {
  readonly executor: string;
  readonly memory: Memory;
  readonly records: Records;
  readonly runtime: Runtime;
}

/** When each schedule was last dealt with is in the controller's memory: a restart neither repeats nor forgets a run. */
export function createSchedules({ executor, memory, records, runtime }: ScheduleRooms): Schedules {
  const clock = createScheduleClock();
  /** Runs that were filed and have no record yet. */
  const filed = new Map<string, { readonly schedule: string; readonly name: string }>();
  /** Runs that were due and not filed, by schedule. */
  const skips = new Map<string, string>();

  function own({ desired }: Pulled): readonly DesiredSchedule[] {
    return [...desired.schedules.values()].filter((schedule) => schedule.executor === executor);
  }

  function runsOf(schedule: DesiredSchedule): JobRecord[] {
    const key = keyOf(schedule);
    return [...records.pushedAll().values()].filter(
      (record): record is JobRecord => record !== UNREADABLE && record.schedule === key,
    );
  }

  async function decide(schedule: DesiredSchedule): Promise<number | undefined> {
    const key = keyOf(schedule);
    const now = runtime.now();
    const lastScheduled = memory.current.schedules[key] ?? now;
    const decision = dueRun({
      name: schedule.name,
      spec: schedule.spec,
      lastScheduled,
      now,
      nextTime: (after) => clock.next(schedule.spec, after, now),
      runs: runsOf(schedule),
    });
    if (decision.file !== undefined) {
      filed.set(`${key} ${decision.file.name}`, { schedule: key, name: decision.file.name });
      skips.delete(key);
    }
    if (decision.skipped !== undefined && !schedule.spec.suspend) {
      skips.set(key, `${timestamp(decision.lastScheduled)}: ${decision.skipped}`);
      runtime.log.warn({ schedule: key, reason: decision.skipped }, 'Skipping a scheduled run');
    }
    // A filed run counts as dealt with only once it is on record: until then a crash would forget it.
    const isSettled = decision.file === undefined;
    if (isSettled && decision.lastScheduled !== memory.current.schedules[key]) {
      await memory.save(({ schedules }) => ({ schedules: { ...schedules, [key]: decision.lastScheduled } }));
    }
    return decision.next;
  }

  return {
    requests(pulled) {
      const found = new Map<string, DesiredRequest>();
      for (const schedule of own(pulled)) {
        const key = keyOf(schedule);
        const underWay = runsOf(schedule).filter(({ phase }) => !isFinal(phase));
        const names = [
          ...underWay.map(({ name }) => name),
          ...[...filed.values()].filter((run) => run.schedule === key).map(({ name }) => name),
        ];
        for (const name of new Set(names)) {
          const request = requestOf(schedule, name);
          found.set(`${request.request.kind}/${schedule.namespace}/${name}`, request);
        }
      }
      for (const [id, { schedule, name }] of filed) {
        const isRecorded = [...records.pushedAll().values()].some(
          (record) => record !== UNREADABLE && record.schedule === schedule && record.name === name,
        );
        if (isRecorded) filed.delete(id);
      }
      return found;
    },
    async tick(pulled) {
      const times: number[] = [];
      const before = new Map(skips);
      for (const schedule of own(pulled)) {
        const next = await decide(schedule);
        if (next !== undefined) times.push(next);
      }
      const nextMs = times.length === 0 ? undefined : Math.max(1000, Math.min(...times) - runtime.now());
      return { nextMs, skipped: [...skips].some(([key, why]) => before.get(key) !== why) };
    },
    views: (pulled) => scheduleViews(own(pulled), { records, clock, skips, now: runtime.now() }),
  };
}

function requestOf(schedule: DesiredSchedule, name: string): DesiredRequest {
  const { kind, spec } = schedule.spec.template;
  const parsed = findJobKind(kind)?.spec.parse(spec) ?? spec;
  return {
    request: {
      apiVersion: API_VERSION,
      kind,
      metadata: { name, namespace: schedule.namespace, annotations: { [ANNOTATION.file]: schedule.file } },
      spec: { ...parsed, executor: schedule.executor },
    },
    executor: schedule.executor,
    file: schedule.file,
    line: schedule.line,
    specDigest: digestOf({ kind, spec }),
    schedule: keyOf(schedule),
  };
}
