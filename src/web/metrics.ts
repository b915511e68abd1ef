// The metrics for Prometheus: implements the Telemetry port over its own registry.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Telemetry } from '../lib/telemetry.ts';
import { createJobSeries } from './job-series.ts';
import { createNodeSeries } from './node-series.ts';

export interface Metrics {
  readonly telemetry: Telemetry;
  readonly contentType: string;
  /** The exposition text. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Also `process_*` and `nodejs_*`; default true. */
  readonly runtime?: boolean;
}

/** A registry with all series. There is no global state, so one process can have several. */
export function createMetrics({ version, now, runtime = true }: MetricsOptions): Metrics {
  const registry = new Registry();
  if (runtime) collectDefaultMetrics({ register: registry });
  gauge(registry, 'build_info', 'Constant 1; the version is in the label.', ['version']).set({ version }, 1);
  const telemetry: Telemetry = {
    ...loopSeries(registry, now),
    ...requestSeries(registry, now),
    ...planSeries(registry),
    ...createNodeSeries(registry, now),
    ...createJobSeries(registry),
  };
  return { telemetry, contentType: registry.contentType, text: () => registry.metrics() };
}

function loopSeries(registry: Registry, now: () => number): Pick<Telemetry, 'passed' | 'queue' | 'leading'> {
  const total = counter(registry, 'reconcile_total', 'Reconciliations of a loop by result.', ['loop', 'result']);
  const duration = histogram(registry, 'reconcile_duration_seconds', 'Duration of a reconciliation.', ['loop']);
  const success = gauge(
    registry,
    'last_success_timestamp_seconds',
    'Time of the last successful reconciliation of a loop.',
    ['loop'],
  );
  const waiting = new Map<string, number | undefined>();
  const depth = gauge(registry, 'queue_depth', 'Keys that wait for a reconciliation.', ['loop']);
  const leader = gauge(registry, 'leader', '1 while this process holds the leader lease.', []);
  leader.set(0);
  // An idle queue has no successes, so it counts from the oldest waiting key. Computed at scrape time, so that it also
  // grows when the rest of the process hangs.
  registry.registerMetric(
    new Gauge({
      name: 'nodewright_seconds_since_last_success',
      help: 'Seconds that the oldest key of a loop waits for a success; 0 when none waits. Alert on this metric.',
      labelNames: ['loop'],
      registers: [],
      collect() {
        for (const [loop, since = now()] of waiting) this.set({ loop }, Math.max(0, (now() - since) / 1000));
      },
    }),
  );
  return {
    passed(loop, result, seconds) {
      total.inc({ loop, result });
      duration.observe({ loop }, seconds);
      if (result !== 'success') return;
      success.set({ loop }, now() / 1000);
    },
    queue(loop, sample) {
      depth.set({ loop }, sample.depth);
      waiting.set(loop, sample.waitingSince);
    },
    leading: (leads) => leader.set(leads ? 1 : 0),
  };
}

function requestSeries(
  registry: Registry,
  now: () => number,
): Pick<Telemetry, 'gitOperation' | 'kubeRequest' | 'statusCommitted'> {
  const git = counter(registry, 'git_operations_total', 'Operations on the Git server.', ['operation', 'result']);
  const duration = histogram(registry, 'git_operation_duration_seconds', 'Duration of a Git operation.', ['operation']);
  const success = gauge(
    registry,
    'git_last_success_timestamp_seconds',
    'Time at which an operation on the Git server last succeeded.',
    ['operation'],
  );
  const kube = counter(registry, 'kube_requests_total', 'Requests to the API server.', ['verb', 'kind', 'code']);
  const commits = counter(registry, 'status_commits_total', 'Commits pushed to the status branch.', []);
  return {
    gitOperation(operation, result, seconds) {
      git.inc({ operation, result });
      duration.observe({ operation }, seconds);
      if (result === 'success') success.set({ operation }, now() / 1000);
    },
    kubeRequest: ({ verb, kind, code }) => kube.inc({ verb, kind, code: String(code) }),
    statusCommitted: () => commits.inc(),
  };
}

function planSeries(registry: Registry): Pick<Telemetry, 'planned' | 'problems' | 'repaired'> {
  const actions = gauge(registry, 'plan_actions', 'Actions in the latest plan.', ['do']);
  const held = gauge(registry, 'held_actions', 'Held actions in the latest plan.', []);
  const problems = gauge(registry, 'problems', 'Problems in the files of the latest commit.', ['level']);
  const repairs = counter(
    registry,
    'repairs_total',
    'Objects of nodes that were changed in the cluster and put back.',
    ['kind'],
  );
  return {
    repaired: (kind) => repairs.inc({ kind }),
    planned(counts) {
      actions.set({ do: 'create' }, counts.create);
      actions.set({ do: 'update' }, counts.update);
      actions.set({ do: 'delete' }, counts.delete);
      held.set(counts.held);
    },
    problems({ errors, warnings }) {
      problems.set({ level: 'error' }, errors);
      problems.set({ level: 'warning' }, warnings);
    },
  };
}

function counter<T extends string>(registry: Registry, name: string, help: string, labelNames: T[]): Counter<T> {
  return new Counter({ name: `nodewright_${name}`, help, labelNames, registers: [registry] });
}

function gauge<T extends string>(registry: Registry, name: string, help: string, labelNames: T[]): Gauge<T> {
  return new Gauge({ name: `nodewright_${name}`, help, labelNames, registers: [registry] });
}

// From a cached read of a few milliseconds to the longest fetch.
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

function histogram<T extends string>(registry: Registry, name: string, help: string, labelNames: T[]): Histogram<T> {
  return new Histogram({ name: `nodewright_${name}`, help, labelNames, buckets: BUCKETS, registers: [registry] });
}
