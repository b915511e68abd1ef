// A queue of keys: one reconciliation per key at a time, many keys side by side, backoff per key.

import { describeError } from '../../lib/errors.ts';
import { type Backoff, retryDelay } from '../../lib/retry-delay.ts';
import type { Runtime } from './runtime.ts';

/** The result of a reconciliation. One that throws is tried again with backoff. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  /** Reconcile again after this time even if nothing happens. */
  | { readonly kind: 'again'; readonly afterMs: number };

export const DONE: ReconcileResult = { kind: 'done' };

export function again(afterMs: number): ReconcileResult {
  return { kind: 'again', afterMs };
}

/** Level-based: reads the state of the cluster by the key and knows nothing of the event that queued it. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

export interface QueueOptions {
  readonly name: string;
  /** Most keys that are reconciled at the same time. */
  readonly concurrency: number;
  /** A reconciliation that takes longer is aborted through its signal and counts as failed. */
  readonly deadlineMs: number;
  readonly backoff: Backoff;
  readonly runtime: Runtime;
}

interface Entry {
  /** When the next reconciliation is due; undefined when none is queued. */
  dueAt: number | undefined;
  /** When the oldest reconciliation fell due that has not succeeded; undefined when none is queued. */
  waitingSince: number | undefined;
  running: boolean;
  failures: number;
  /** Not before this, after a failure. */
  blockedUntil: number;
  startedAt: number;
}

export interface QueueState {
  /** Milliseconds that the longest running reconciliation has taken; 0 when none runs. */
  readonly busyMs: number;
  readonly deadlineMs: number;
  /** Keys that are due or running. */
  readonly depth: number;
  /** When the oldest key fell due whose reconciliation has not succeeded since; undefined when no key waits. */
  readonly waitingSince: number | undefined;
}

/** A level-triggered queue. `add` is cheap and may be called for every event; keys wait until `start`. */
export class KeyedQueue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #running = 0;
  #reconciliations = new Set<Promise<void>>();
  /** Of the running ones: composed signals would be bound to that of the queue, which lives for months. */
  readonly #aborts = new Set<AbortController>();
  #reconcile: Reconcile | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** From now on keys that are due are reconciled. */
  start(reconcile: Reconcile): void {
    this.#reconcile = reconcile;
    this.#arm(this.#options.runtime.now());
  }

  /** Queues a reconciliation of `key`, at the latest `afterMs` from now. Backoff after failures still holds. */
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

  /** Ends a key's backoff: its input has changed, so the next attempt need not fail as the ones before it did. */
  resetBackoff(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    Object.assign(entry, { failures: 0, blockedUntil: 0 });
    if (entry.dueAt !== undefined) this.#arm(entry.dueAt);
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

  /** Starts no new reconciliation, aborts the running ones through their signal, and resolves when all have ended. */
  async stop(): Promise<void> {
    const reason = new Error('stopping');
    this.#stop.abort(reason);
    for (const one of this.#aborts) one.abort(reason);
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#reconciliations);
  }

  #arm(at: number): void {
    if (at >= this.#timerAt || this.#reconcile === undefined || this.#stop.signal.aborted) return;
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
      // The end of a reconciliation dispatches again.
      else return;
    }
    if (next !== Infinity) this.#arm(next);
  }

  #begin(key: string, entry: Entry): void {
    entry.running = true;
    entry.startedAt = this.#options.runtime.now();
    entry.dueAt = undefined;
    this.#running += 1;
    const running = this.#run(key, entry).finally(() => {
      entry.running = false;
      this.#running -= 1;
      this.#reconciliations.delete(running);
      if (entry.dueAt === undefined && entry.failures === 0) this.#entries.delete(key);
      this.#arm(this.#options.runtime.now());
    });
    this.#reconciliations.add(running);
  }

  async #run(key: string, entry: Entry): Promise<void> {
    const { name, deadlineMs, runtime } = this.#options;
    const started = runtime.now();
    const abort = new AbortController();
    const late = (): Error => new Error(`the ${name} reconciliation of ${key} took longer than ${deadlineMs / 1000} s`);
    const deadline = setTimeout(() => abort.abort(late()), deadlineMs);
    this.#aborts.add(abort);
    try {
      const result = await this.#reconcile?.(key, abort.signal);
      entry.failures = 0;
      entry.blockedUntil = 0;
      // A key that was added during the reconciliation waits since it fell due.
      entry.waitingSince = entry.dueAt;
      if (result?.kind === 'again') this.add(key, result.afterMs);
      runtime.telemetry.passed(name, 'success', (runtime.now() - started) / 1000);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#failed(key, entry, error);
      runtime.telemetry.passed(name, 'error', (runtime.now() - started) / 1000);
    } finally {
      clearTimeout(deadline);
      this.#aborts.delete(abort);
    }
  }

  #failed(key: string, entry: Entry, error: unknown): void {
    const { name, backoff, runtime } = this.#options;
    entry.failures += 1;
    const afterMs = retryDelay(backoff, {
      failures: entry.failures,
      random: runtime.random(),
      retryAfterMs: retryAfterOf(error),
    });
    entry.blockedUntil = runtime.now() + afterMs;
    this.add(key, afterMs);
    const facts = { queue: name, key, attempt: entry.failures, retryMs: afterMs, reason: describeError(error) };
    runtime.log.warn(facts, 'Reconciliation failed');
  }
}

function retryAfterOf(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0;
}
