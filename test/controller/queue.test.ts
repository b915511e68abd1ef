// The queue under a clock of the test: one reconciliation per key, nothing lost, backoff, deadline, stop.

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DONE, KeyedQueue, type QueueOptions, type ReconcileResult } from '../../src/controller/engine/queue.ts';
import { noTelemetry } from '../support/no-telemetry.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Run {
  readonly key: string;
  readonly at: number;
  readonly signal: AbortSignal;
  end(result?: ReconcileResult): void;
  fail(error: Error): void;
}

/** A queue whose reconciliations are ended by the test. */
function make(options: Partial<QueueOptions> = {}): { queue: KeyedQueue; runs: Run[]; results: string[] } {
  const runs: Run[] = [];
  const results: string[] = [];
  const started = Date.now();
  const queue = new KeyedQueue({
    name: 'test',
    concurrency: 2,
    deadlineMs: 10_000,
    backoff: { baseMs: 1000, maxMs: 60_000 },
    runtime: {
      now: Date.now,
      random: () => 0.5,
      log: pino({ level: 'silent' }),
      telemetry: { ...noTelemetry, passed: (_loop, result) => void results.push(result) },
    },
    ...options,
  });
  queue.start(
    async (key, signal) =>
      await new Promise((resolve, reject) => {
        runs.push({ key, at: Date.now() - started, signal, end: (result = DONE) => resolve(result), fail: reject });
      }),
  );
  return { queue, runs, results };
}

const tick = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

describe('one reconciliation per key', () => {
  it('keys that are added many times are reconciled once', async () => {
    const { queue, runs } = make();
    for (let count = 0; count < 100; count++) queue.add('a');
    await tick();
    expect(runs.map(({ key }) => key)).toEqual(['a']);
  });

  it('a key that is added during its reconciliation is reconciled once more, afterwards', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    for (let count = 0; count < 100; count++) queue.add('a');
    await tick(5000);
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await tick();
    expect(runs).toHaveLength(2);
    runs[1]?.end();
    await tick(100_000);
    expect(runs).toHaveLength(2);
    expect(queue.state.depth).toBe(0);
  });

  it('no more keys at a time than allowed, and all get their turn', async () => {
    const { queue, runs } = make();
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await tick();
    expect(runs.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(queue.state.depth).toBe(5);
    for (let index = 0; index < 5; index++) {
      runs[index]?.end();
      await tick();
    }
    expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('one that hangs delays no other', async () => {
    const { queue, runs } = make();
    queue.add('hangs');
    await tick();
    for (let count = 0; count < 20; count++) {
      queue.add(`k${count}`);
      await tick();
      runs.at(-1)?.end();
      await tick();
    }
    expect(runs).toHaveLength(21);
    expect(new Set(runs.map(({ key }) => key)).size).toBe(21);
  });
});

describe('when', () => {
  it('the earliest time counts', async () => {
    const { queue, runs } = make();
    queue.add('a', 5000);
    queue.add('a', 1000);
    queue.add('a', 9000);
    await tick(999);
    expect(runs).toHaveLength(0);
    await tick(1);
    expect(runs.map(({ at }) => at)).toEqual([1000]);
  });

  it('`again` repeats by itself, and an earlier `add` comes before it', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    runs[0]?.end({ kind: 'again', afterMs: 3000 });
    await tick(3000);
    runs[1]?.end({ kind: 'again', afterMs: 3000 });
    await tick(1000);
    queue.add('a');
    await tick();
    expect(runs.map(({ at }) => at)).toEqual([0, 3000, 4000]);
  });

  it('a delay longer than a timer can hold does not fire at once', async () => {
    const { queue, runs } = make();
    queue.add('a', 2 ** 31 + 1000);
    await tick(60_000);
    expect(runs).toHaveLength(0);
    await tick(2 ** 31 - 59_000);
    expect(runs).toHaveLength(1);
  });
});

describe('failures', () => {
  it('are spaced wider and wider, each key for itself, also when the key is added meanwhile', async () => {
    const { queue, runs, results } = make();
    queue.add('a');
    await tick();
    for (let count = 0; count < 4; count++) {
      runs.at(-1)?.fail(new Error('no'));
      await tick();
      queue.add('a');
      const before = runs.length;
      while (runs.length === before) await tick(50);
    }
    const gaps = runs.slice(1).map(({ at }, index) => at - (runs[index]?.at ?? 0));
    const growth = gaps.slice(1).map((gap, index) => gap / (gaps[index] ?? Infinity));
    expect(Math.min(...growth)).toBeGreaterThan(1.5);
    expect(results).toEqual(['error', 'error', 'error', 'error']);
    queue.add('b');
    await tick();
    expect(runs.at(-1)?.key).toBe('b');
  });

  it('honour how long the other side asked to wait', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    runs[0]?.fail(Object.assign(new Error('busy'), { retryAfterMs: 30_000 }));
    await tick(29_999);
    expect(runs).toHaveLength(1);
    await tick(30_000);
    expect(runs).toHaveLength(2);
  });

  it('are over after a success, and `resetBackoff` ends the wait', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    runs[0]?.fail(new Error('no'));
    await tick();
    queue.resetBackoff('a');
    queue.add('a');
    await tick();
    expect(runs).toHaveLength(2);
    runs[1]?.end();
    await tick();
    queue.add('a');
    await tick();
    expect(runs).toHaveLength(3);
  });

  it('do not delay a key whose input changed while it waited', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    for (let count = 0; count < 8; count++) {
      runs.at(-1)?.fail(new Error('no'));
      const before = runs.length;
      while (runs.length === before) await tick(1000);
    }
    runs.at(-1)?.fail(new Error('no'));
    await tick();
    const before = runs.length;
    queue.resetBackoff('a');
    queue.add('a', 20);
    await tick(20);
    expect(runs).toHaveLength(before + 1);
  });
});

describe('a reconciliation that takes too long', () => {
  it('is aborted, counts as busy until it ends, and is tried again', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick(9999);
    expect(runs[0]?.signal.aborted).toBe(false);
    await tick(1);
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(runs[0]?.signal.reason).toMatchObject({ message: 'the test reconciliation of a took longer than 10 s' });
    await tick(5000);
    expect(queue.state.busyMs).toBe(15_000);
    runs[0]?.fail(new Error('stopped by the test'));
    await tick(5000);
    expect(runs).toHaveLength(2);
  });
});

describe('stop', () => {
  it('starts nothing more, aborts what runs, and waits for it', async () => {
    const { queue, runs } = make();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await tick();
    let isStopped = false;
    const stopping = queue.stop().then(() => (isStopped = true));
    await tick();
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(isStopped).toBe(false);
    runs[0]?.end({ kind: 'again', afterMs: 0 });
    runs[1]?.fail(new Error('stopped by the test'));
    await stopping;
    queue.add('d');
    await tick(100_000);
    expect(runs).toHaveLength(2);
  });
});

describe('how long the oldest key waits', () => {
  it('is not counted while the queue is idle', async () => {
    const { queue, runs } = make();
    queue.add('a');
    await tick();
    runs[0]?.end({ kind: 'again', afterMs: 60_000 });
    await tick(50_000);
    expect(queue.state.waitingSince).toBeUndefined();
  });

  it('counts from when the key first fell due, through failures, to its success', async () => {
    const { queue, runs } = make();
    const start = Date.now();
    queue.add('a');
    await tick(500);
    runs[0]?.fail(new Error('x'));
    await tick(5000);
    expect(queue.state.waitingSince).toBe(start);
    runs[1]?.end();
    await tick();
    expect(queue.state.waitingSince).toBeUndefined();
  });
});
