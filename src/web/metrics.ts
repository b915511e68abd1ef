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
  gauge(registry, {
    name: 'build_info',
    help: 'Constant 1; the version is in the label.',
    labelNames: ['version'],
  }).set({ version }, 1);
  const telemetry: Telemetry = {
    ...loopSeries(registry, now),
    ...requestSeries(registry, now),
    ...planSeries(registry),
    ...upgradeSeries(registry),
    ...createNodeSeries(registry, now),
    ...createJobSeries(registry),
  };
  return { telemetry, contentType: registry.contentType, text: () => registry.metrics() };
}

function loopSeries(registry: Registry, now: () => number): Pick<Telemetry, 'passed' | 'queue' | 'leading'> {
  const total = counter(registry, {
    name: 'reconcile_total',
    help: 'Reconciliations of a loop by result.',
    labelNames: ['loop', 'result'],
  });
  const duration = histogram(registry, {
    name: 'reconcile_duration_seconds',
    help: 'Duration of a reconciliation.',
    labelNames: ['loop'],
  });
  const success = gauge(registry, {
    name: 'last_success_timestamp_seconds',
    help: 'Time of the last successful reconciliation of a loop.',
    labelNames: ['loop'],
  });
  const depth = gauge(registry, {
    name: 'queue_depth',
    help: 'Keys that wait for a reconciliation.',
    labelNames: ['loop'],
  });
  const leader = gauge(registry, {
    name: 'leader',
    help: '1 while this process holds the leader lease.',
    labelNames: [],
  });
  leader.set(0);
  const waiting = waitingSeries(registry, now);
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

/**
 * Loop → since when its oldest key waits. An idle queue has no successes, so it counts from the oldest waiting key.
 * Computed at scrape time, so that it also grows when the rest of the process hangs.
 */
function waitingSeries(registry: Registry, now: () => number): Map<string, number | undefined> {
  const waiting = new Map<string, number | undefined>();
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
  return waiting;
}

function requestSeries(
  registry: Registry,
  now: () => number,
): Pick<Telemetry, 'gitOperation' | 'kubeRequest' | 'statusCommitted' | 'statusPushFailing'> {
  const git = counter(registry, {
    name: 'git_operations_total',
    help: 'Operations on the Git server.',
    labelNames: ['operation', 'result'],
  });
  const duration = histogram(registry, {
    name: 'git_operation_duration_seconds',
    help: 'Duration of a Git operation.',
    labelNames: ['operation'],
  });
  const success = gauge(registry, {
    name: 'git_last_success_timestamp_seconds',
    help: 'Time at which an operation on the Git server last succeeded.',
    labelNames: ['operation'],
  });
  const kube = counter(registry, {
    name: 'kube_requests_total',
    help: 'Requests to the API server.',
    labelNames: ['verb', 'kind', 'code'],
  });
  const failing = gauge(registry, {
    name: 'status_push_failing',
    help: '1 while the status branch cannot be written.',
    labelNames: [],
  });
  const commits = counter(registry, {
    name: 'status_commits_total',
    help: 'Commits pushed to the status branch.',
    labelNames: [],
  });
  return {
    gitOperation(operation, result, seconds) {
      git.inc({ operation, result });
      duration.observe({ operation }, seconds);
      if (result === 'success') success.set({ operation }, now() / 1000);
    },
    kubeRequest: ({ verb, kind, code }) => kube.inc({ verb, kind, code: String(code) }),
    statusCommitted: () => commits.inc(),
    statusPushFailing: (fails) => failing.set(fails ? 1 : 0),
  };
}

function upgradeSeries(registry: Registry): Pick<Telemetry, 'upgradeFailing'> {
  const failing = gauge(registry, {
    name: 'upgrade_failing',
    help: '1 while the controller does not run the version that fleet.yaml names: refused, or tried and taken back.',
    labelNames: [],
  });
  return { upgradeFailing: (fails) => failing.set(fails ? 1 : 0) };
}

function planSeries(registry: Registry): Pick<Telemetry, 'planned' | 'problems' | 'repaired'> {
  const actions = gauge(registry, { name: 'plan_actions', help: 'Actions in the latest plan.', labelNames: ['do'] });
  const held = gauge(registry, { name: 'held_actions', help: 'Held actions in the latest plan.', labelNames: [] });
  const problems = gauge(registry, {
    name: 'problems',
    help: 'Problems in the files of the latest commit.',
    labelNames: ['level'],
  });
  const repairs = counter(registry, {
    name: 'repairs_total',
    help: 'Objects of nodes that were changed or deleted in the cluster and put back.',
    labelNames: ['kind'],
  });
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

interface Series<Label extends string> {
  /** Without the prefix of this project. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: Label[];
}

function counter<T extends string>(registry: Registry, { name, help, labelNames }: Series<T>): Counter<T> {
  return new Counter({ name: `nodewright_${name}`, help, labelNames, registers: [registry] });
}

function gauge<T extends string>(registry: Registry, { name, help, labelNames }: Series<T>): Gauge<T> {
  return new Gauge({ name: `nodewright_${name}`, help, labelNames, registers: [registry] });
}

// From a cached read of a few milliseconds to the longest fetch.
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

function histogram<T extends string>(registry: Registry, { name, help, labelNames }: Series<T>): Histogram<T> {
  return new Histogram({ name: `nodewright_${name}`, help, labelNames, buckets: BUCKETS, registers: [registry] });
}
