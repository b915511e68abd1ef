// The series of one-shot jobs.

import type { Registry } from 'prom-client';

import type { JobEnds, JobsSample, Telemetry } from '../lib/telemetry.ts';
import { defineSeries } from './series.ts';

const ENDS = ['kind', 'namespace', 'node'] as const;

/** The part of Telemetry about jobs. */
export function createJobSeries(registry: Registry): Pick<Telemetry, 'jobs'> {
  let known: JobsSample = { counts: [], pausedNodes: 0, ends: [] };
  defineSeries(registry, {
    name: 'jobs',
    help: 'Job records by kind and phase.',
    labelNames: ['kind', 'phase'],
    read: () => known.counts.map(({ kind, phase, count }) => ({ labels: { kind, phase }, value: count })),
  });
  defineSeries(registry, {
    name: 'job_paused_nodes',
    help: 'Nodes that are left paused by a job in the phase Held: alert above 0.',
    labelNames: [],
    read: () => [{ labels: {}, value: known.pausedNodes }],
  });
  const ended = (name: string, help: string, time: (ends: JobEnds) => number | undefined): void =>
    defineSeries(registry, {
      name,
      help,
      labelNames: ENDS,
      read: () =>
        known.ends.flatMap((ends) => {
          const { kind, namespace, node } = ends;
          const value = time(ends);
          return value === undefined ? [] : [{ labels: { kind, namespace, node }, value }];
        }),
    });
  ended(
    'job_last_success_timestamp_seconds',
    'Time at which a job of a kind last ended Complete on a node.',
    ({ success }) => success,
  );
  ended(
    'job_last_failure_timestamp_seconds',
    'Time at which a job of a kind last ended Failed, Held, Interrupted or Refused on a node.',
    ({ failure }) => failure,
  );
  return { jobs: (sample) => void (known = sample) };
}
