// The queues and their limits.

import { KeyedQueue, type Reconcile } from './queue.ts';
import type { Runtime } from './runtime.ts';

/** Also the value of the label `loop` of the published metrics. */
export type QueueName = 'pull' | 'sync' | 'node' | 'observe' | 'report' | 'requests' | 'jobs' | 'upgrade' | 'publish';
export type Queues = Readonly<Record<QueueName, KeyedQueue>>;

/** The reconciler of each queue. */
export type Reconcilers = Readonly<Record<QueueName, Reconcile>>;

interface QueueLimits {
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

/** Longest time of a reconciliation, how many run side by side, and how failures are spaced. */
export const QUEUES: Readonly<Record<QueueName, QueueLimits>> = {
  pull: { concurrency: 1, deadlineMs: 180_000, backoff: { baseMs: 1000, maxMs: 300_000 } },
  sync: { concurrency: 1, deadlineMs: 300_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  node: { concurrency: 16, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 120_000 } },
  observe: { concurrency: 512, deadlineMs: 30_000, backoff: { baseMs: 1000, maxMs: 60_000 } },
  report: { concurrency: 16, deadlineMs: 60_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  requests: { concurrency: 1, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  jobs: { concurrency: 32, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 30_000 } },
  upgrade: { concurrency: 1, deadlineMs: 60_000, backoff: { baseMs: 1000, maxMs: 30_000 } },
  publish: { concurrency: 1, deadlineMs: 180_000, backoff: { baseMs: 1000, maxMs: 120_000 } },
};

/** The queues keep what is added until their reconcilers start. */
export function createQueues(runtime: Runtime): Queues {
  const create = (name: QueueName): KeyedQueue => new KeyedQueue({ name, ...QUEUES[name], runtime });
  return {
    pull: create('pull'),
    sync: create('sync'),
    node: create('node'),
    observe: create('observe'),
    report: create('report'),
    requests: create('requests'),
    jobs: create('jobs'),
    upgrade: create('upgrade'),
    publish: create('publish'),
  };
}

export function queueNames(): readonly QueueName[] {
  // The type of QUEUES has a member for every name and no other.
  return Object.keys(QUEUES) as QueueName[];
}
