// The queues and their limits.

import type { ControllerOptions } from './options.ts';
import { KeyedQueue, type PassResult } from './queue.ts';

export type LoopName = 'pull' | 'sync' | 'node' | 'observe' | 'report' | 'publish' | 'requests' | 'jobs';
export type Queues = Readonly<Record<LoopName, KeyedQueue>>;

export type Passes = Readonly<Record<LoopName, (key: string, signal: AbortSignal) => Promise<PassResult>>>;

interface LoopLimits {
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

/** Longest a pass may take, how many run side by side, how failures are spaced. */
export const LOOPS: Readonly<Record<LoopName, LoopLimits>> = {
  pull: { concurrency: 1, deadlineMs: 180_000, backoff: { baseMs: 1000, maxMs: 300_000 } },
  sync: { concurrency: 1, deadlineMs: 300_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  node: { concurrency: 16, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 120_000 } },
  observe: { concurrency: 512, deadlineMs: 30_000, backoff: { baseMs: 1000, maxMs: 60_000 } },
  report: { concurrency: 16, deadlineMs: 60_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  requests: { concurrency: 1, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 60_000 } },
  jobs: { concurrency: 32, deadlineMs: 120_000, backoff: { baseMs: 500, maxMs: 30_000 } },
  publish: { concurrency: 1, deadlineMs: 180_000, backoff: { baseMs: 1000, maxMs: 120_000 } },
};

/** One queue per loop. */
export function createQueues({ runtime }: ControllerOptions, passes: Passes): Queues {
  const make = (name: LoopName): KeyedQueue => new KeyedQueue({ name, ...LOOPS[name], pass: passes[name], runtime });
  return {
    pull: make('pull'),
    sync: make('sync'),
    node: make('node'),
    observe: make('observe'),
    report: make('report'),
    requests: make('requests'),
    jobs: make('jobs'),
    publish: make('publish'),
  };
}
