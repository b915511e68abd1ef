// The queue under a clock of the test: one pass per key, nothing lost, backoff, deadline, stop.

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { noTelemetry } from '../../src/lib/telemetry.ts';
import { KeyedQueue, type PassResult, type QueueOptions } from '../../src/controller/engine/queue.ts';

const DONE: PassResult = { kind: 'done' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Pass {
  readonly key: string;
  readonly at: number;
  readonly signal: AbortSignal;
  end(result?: PassResult): void;
  fail(error: Error): void;
}

/** A queue whose passes are ended by the test. */
function make(options: Partial<QueueOptions> = {}): { queue: KeyedQueue; passes: Pass[]; results: string[] } {
  const passes: Pass[] = [];
  const results: string[] = [];
  const started = Date.now();
  const queue = new KeyedQueue({
    name: 'test',
    concurrency: 2,
    deadlineMs: 10_000,
    backoff: { baseMs: 1000, maxMs: 60_000 },
    pass: async (key, signal) =>
      await new Promise((resolve, reject) => {
        passes.push({ key, at: Date.now() - started, signal, end: (result = DONE) => resolve(result), fail: reject });
      }),
    runtime: {
      now: Date.now,
      random: () => 0.5,
      log: pino({ level: 'silent' }),
      telemetry: { ...noTelemetry, passed: (_loop, result) => void results.push(result) },
    },
    ...options,
  });
  return { queue, passes, results };
}

const tick = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

describe('one pass per key', () => {
  it('many wishes before a pass are one pass', async () => {
    const { queue, passes } = make();
    for (let count = 0; count < 100; count++) queue.add('a');
    await tick();
    expect(passes.map(({ key }) => key)).toEqual(['a']);
  });

  it('wishes during a pass are one more pass, after it', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    for (let count = 0; count < 100; count++) queue.add('a');
    await tick(5000);
    expect(passes).toHaveLength(1);
    passes[0]?.end();
    await tick();
    expect(passes).toHaveLength(2);
    passes[1]?.end();
    await tick(100_000);
    expect(passes).toHaveLength(2);
    expect(queue.state.depth).toBe(0);
  });

  it('no more keys at a time than allowed, and all get their turn', async () => {
    const { queue, passes } = make();
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await tick();
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(queue.state.depth).toBe(5);
    for (let index = 0; index < 5; index++) {
      passes[index]?.end();
      await tick();
    }
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('one that hangs delays no other', async () => {
    const { queue, passes } = make();
    queue.add('hangs');
    await tick();
    for (let count = 0; count < 20; count++) {
      queue.add(`k${count}`);
      await tick();
      passes.at(-1)?.end();
      await tick();
    }
    expect(passes).toHaveLength(21);
    expect(new Set(passes.map(({ key }) => key)).size).toBe(21);
  });
});

describe('when', () => {
  it('the earliest wish counts', async () => {
    const { queue, passes } = make();
    queue.add('a', 5000);
    queue.add('a', 1000);
    queue.add('a', 9000);
    await tick(999);
    expect(passes).toHaveLength(0);
    await tick(1);
    expect(passes.map(({ at }) => at)).toEqual([1000]);
  });

  it('`again` passes by itself, and a wish comes before it', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    passes[0]?.end({ kind: 'again', afterMs: 3000 });
    await tick(3000);
    passes[1]?.end({ kind: 'again', afterMs: 3000 });
    await tick(1000);
    queue.add('a');
    await tick();
    expect(passes.map(({ at }) => at)).toEqual([0, 3000, 4000]);
  });

  it('a delay longer than a timer can hold does not fire at once', async () => {
    const { queue, passes } = make();
    queue.add('a', 2 ** 31 + 1000);
    await tick(60_000);
    expect(passes).toHaveLength(0);
    await tick(2 ** 31 - 59_000);
    expect(passes).toHaveLength(1);
  });
});

describe('failures', () => {
  it('are spaced wider and wider, each key for itself, and wishes do not get around it', async () => {
    const { queue, passes, results } = make();
    queue.add('a');
    await tick();
    for (let count = 0; count < 4; count++) {
      passes.at(-1)?.fail(new Error('no'));
      await tick();
      queue.add('a');
      const before = passes.length;
      while (passes.length === before) await tick(50);
    }
    const gaps = passes.slice(1).map(({ at }, index) => at - (passes[index]?.at ?? 0));
    const growth = gaps.slice(1).map((gap, index) => gap / (gaps[index] ?? Infinity));
    expect(Math.min(...growth)).toBeGreaterThan(1.5);
    expect(results).toEqual(['error', 'error', 'error', 'error']);
    queue.add('b');
    await tick();
    expect(passes.at(-1)?.key).toBe('b');
  });

  it('honour how long the other side asked to wait', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    passes[0]?.fail(Object.assign(new Error('busy'), { retryAfterMs: 30_000 }));
    await tick(29_999);
    expect(passes).toHaveLength(1);
    await tick(30_000);
    expect(passes).toHaveLength(2);
  });

  it('are over after a success, and `relieve` ends the wait', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    passes[0]?.fail(new Error('no'));
    await tick();
    queue.relieve('a');
    queue.add('a');
    await tick();
    expect(passes).toHaveLength(2);
    passes[1]?.end();
    await tick();
    queue.add('a');
    await tick();
    expect(passes).toHaveLength(3);
  });

  it('are forgotten with the key', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    passes[0]?.fail(new Error('no'));
    await tick();
    queue.forget('a');
    await tick(100_000);
    expect(passes).toHaveLength(1);
    queue.add('a');
    await tick();
    expect(passes).toHaveLength(2);
  });
});

describe('a pass that takes too long', () => {
  it('is told so, is seen as busy until it ends, and is tried again', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick(9999);
    expect(passes[0]?.signal.aborted).toBe(false);
    await tick(1);
    expect(passes[0]?.signal.aborted).toBe(true);
    expect(passes[0]?.signal.reason).toMatchObject({ message: 'test pass of a took longer than 10 s' });
    await tick(5000);
    expect(queue.state.busyMs).toBe(15_000);
    passes[0]?.fail(new Error('told to stop'));
    await tick(5000);
    expect(passes).toHaveLength(2);
  });
});

describe('stop', () => {
  it('begins nothing more, tells what runs, and waits for it', async () => {
    const { queue, passes } = make();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await tick();
    let isStopped = false;
    const stopping = queue.stop().then(() => (isStopped = true));
    await tick();
    expect(passes.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(isStopped).toBe(false);
    passes[0]?.end({ kind: 'again', afterMs: 0 });
    passes[1]?.fail(new Error('told to stop'));
    await stopping;
    queue.add('d');
    await tick(100_000);
    expect(passes).toHaveLength(2);
  });
});

describe('how long the oldest key waits', () => {
  it('is not counted while the queue is idle', async () => {
    const { queue, passes } = make();
    queue.add('a');
    await tick();
    passes[0]?.end({ kind: 'again', afterMs: 60_000 });
    await tick(50_000);
    expect(queue.state.waitingSince).toBeUndefined();
  });

  it('counts from when the key first fell due, through failures, to its success', async () => {
    const { queue, passes } = make();
    const start = Date.now();
    queue.add('a');
    await tick(500);
    passes[0]?.fail(new Error('x'));
    await tick(5000);
    expect(queue.state.waitingSince).toBe(start);
    passes[1]?.end();
    await tick();
    expect(queue.state.waitingSince).toBeUndefined();
  });
});
