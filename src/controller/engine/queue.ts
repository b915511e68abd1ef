// A queue of keys: one pass per key at a time, many keys side by side, backoff per key.

import { describeError } from '../../lib/errors.ts';
import { type Backoff, retryDelay } from '../../lib/retry-delay.ts';
import type { Runtime } from './runtime.ts';

/** What a pass says at its end. Anything thrown means: try again with backoff. */
export type PassResult =
  | { readonly kind: 'done' }
  /** Pass again after a while even if nothing happens. */
  | { readonly kind: 'again'; readonly afterMs: number };

export interface QueueOptions {
  readonly name: string;
  /** Most keys that are worked on at the same time. */
  readonly concurrency: number;
  /** A pass that takes longer is told to stop through its signal and counts as failed. */
  readonly deadlineMs: number;
  readonly backoff: Backoff;
  /** One level-based pass: reads the world anew, knows nothing but the key. */
  readonly pass: (key: string, signal: AbortSignal) => Promise<PassResult>;
  readonly runtime: Runtime;
}

interface Entry {
  /** When the next pass is due; undefined when none is wanted. */
  dueAt: number | undefined;
  /** When the oldest pass fell due that has not succeeded; undefined when none is wanted. */
  waitingSince: number | undefined;
  running: boolean;
  failures: number;
  /** Not before this, after a failure. */
  blockedUntil: number;
  startedAt: number;
}

export interface QueueState {
  /** Milliseconds that the longest running pass has taken. */
  readonly busyMs: number;
  readonly deadlineMs: number;
  /** Keys that are due or running. */
  readonly depth: number;
  /** When the oldest key fell due whose pass has not succeeded since; undefined when no key waits. */
  readonly waitingSince: number | undefined;
}

/** Level-triggered work queue. `add` is cheap and may be called for every event. */
export class KeyedQueue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #running = 0;
  #passes = new Set<Promise<void>>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Wants a pass of `key`, at the latest `afterMs` from now. Backoff after failures still holds. */
  add(key: string, afterMs = 0): void {
    if (this.#stop.signal.aborted) return;
    const entry = this.#entries.get(key) ?? {
      dueAt: undefined,
      waitingSince: undefined,
      running: false,
      failures: 0,
      blockedUntil: 0,
      startedAt: 0,
    };
    this.#entries.set(key, entry);
    const dueAt = this.#options.runtime.now() + afterMs;
    entry.dueAt = Math.min(entry.dueAt ?? Infinity, dueAt);
    entry.waitingSince = Math.min(entry.waitingSince ?? Infinity, entry.dueAt);
    this.#arm(Math.max(entry.dueAt, entry.blockedUntil));
  }

  /** Forgets a key and its failures; a running pass goes on. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.running)
      Object.assign(entry, { dueAt: undefined, waitingSince: undefined, failures: 0, blockedUntil: 0 });
    else this.#entries.delete(key);
  }

  /** Clears a key's backoff: the reason for its failures is gone. */
  relieve(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) Object.assign(entry, { failures: 0, blockedUntil: 0 });
  }

  /** For the watchdog and metrics; counts every key, so it is not for hot paths. */
  get state(): QueueState {
    const now = this.#options.runtime.now();
    let busyMs = 0;
    let depth = 0;
    let waitingSince = Infinity;
    for (const { running, startedAt, dueAt = Infinity, waitingSince: since = Infinity } of this.#entries.values()) {
      if (running) busyMs = Math.max(busyMs, now - startedAt);
      if (running || dueAt <= now) depth += 1;
      waitingSince = Math.min(waitingSince, since);
    }
    const isWaiting = waitingSince <= now;
    return { busyMs, deadlineMs: this.#options.deadlineMs, depth, waitingSince: isWaiting ? waitingSince : undefined };
  }

  /** Ends: no new pass begins, running passes get their signal, resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#passes);
  }

  #arm(at: number): void {
    if (at >= this.#timerAt || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => this.#dispatch(),
      Math.min(2 ** 31 - 1, Math.max(0, at - this.#options.runtime.now())),
    );
  }

  #dispatch(): void {
    this.#timerAt = Infinity;
    const now = this.#options.runtime.now();
    let next = Infinity;
    for (const [key, entry] of this.#entries) {
      if (entry.running || entry.dueAt === undefined) continue;
      const readyAt = Math.max(entry.dueAt, entry.blockedUntil);
      if (readyAt > now) next = Math.min(next, readyAt);
      else if (this.#running < this.#options.concurrency) this.#begin(key, entry);
      // A pass that ends dispatches again.
      else return;
    }
    if (next !== Infinity) this.#arm(next);
  }

  #begin(key: string, entry: Entry): void {
    entry.running = true;
    entry.startedAt = this.#options.runtime.now();
    entry.dueAt = undefined;
    this.#running += 1;
    const pass = this.#run(key, entry).finally(() => {
      entry.running = false;
      this.#running -= 1;
      this.#passes.delete(pass);
      if (entry.dueAt === undefined && entry.failures === 0) this.#entries.delete(key);
      this.#arm(this.#options.runtime.now());
    });
    this.#passes.add(pass);
  }

  async #run(key: string, entry: Entry): Promise<void> {
    const { name, pass, deadlineMs, runtime } = this.#options;
    const started = runtime.now();
    const deadline = deadlineAfter(deadlineMs, `${name} pass of ${key} took longer than ${deadlineMs / 1000} s`);
    try {
      const result = await pass(key, AbortSignal.any([this.#stop.signal, deadline.signal]));
      entry.failures = 0;
      entry.blockedUntil = 0;
      // What was added during the pass waits since it fell due.
      entry.waitingSince = entry.dueAt;
      if (result.kind === 'again') this.add(key, result.afterMs);
      runtime.telemetry.passed(name, 'success', (runtime.now() - started) / 1000);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failed(key, entry, error);
      runtime.telemetry.passed(name, 'error', (runtime.now() - started) / 1000);
    } finally {
      deadline.clear();
    }
  }

  #failed(key: string, entry: Entry, error: unknown): void {
    const { name, backoff, runtime } = this.#options;
    entry.failures += 1;
    const afterMs = retryDelay(entry.failures, backoff, runtime.random(), retryAfterOf(error));
    entry.blockedUntil = runtime.now() + afterMs;
    this.add(key, afterMs);
    const facts = { loop: name, key, attempt: entry.failures, retryMs: afterMs, reason: describeError(error) };
    runtime.log.warn(facts, 'Pass failed');
  }
}

function deadlineAfter(ms: number, message: string): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(message)), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function retryAfterOf(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0;
}
