// Leader election on a coordination.k8s.io/v1 Lease: at most one holder works, and knows when it no longer may.

import type { Cluster } from '../cluster.ts';
import { KubeError } from '../kube-error.ts';
import { LeaseRecord } from './record.ts';
import { NO_LOG, type Log } from '../log.ts';
import { pause } from '../pause.ts';
import { Sightings } from './sightings.ts';
import { WaitNotice, type LeaseWait, type WaitTimes } from './wait-notice.ts';

export interface LeaseTimes {
  /** A lease that was not renewed for this long is free. */
  readonly durationMs: number;
  /** A holder that can't renew for so long stops; less than `durationMs`, so that it stops before another starts. */
  readonly renewDeadlineMs: number;
  /** Between tries to get or renew it. */
  readonly retryMs: number;
  /** Longest duration of another's record that counts: a minute unless given. */
  readonly maxPromiseMs?: number;
}

/** The times of client-go. */
export const LEASE_TIMES: LeaseTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

export interface LeaseOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Who we are; different for every process, e.g. the pod's name and a random part. */
  readonly identity: string;
  /** Stops waiting for the lease, or gives it back. */
  readonly signal: AbortSignal;
  /** Called once when the lease is lost against our will: stop at once what only its holder may do. */
  readonly onLost: (why: string) => void;
  /** Called when another has held the lease for long, and seldom again; also logged. */
  readonly onLongWait?: ((wait: LeaseWait) => void) | undefined;
  readonly times?: LeaseTimes;
  readonly waitTimes?: WaitTimes;
  readonly log?: Log;
}

export interface Lease {
  /** False from the moment it was lost or given back; check it before every act that only the holder may do. */
  readonly held: boolean;
  /** Stops renewing and gives it back, so that the next one need not wait. Never rejects. */
  release(): Promise<void>;
}

/**
 * Resolves once we hold the lease; waits for that as long as it takes. Rejects with ABORTED when the signal does first.
 * Clocks of other processes are never trusted: a lease is free when it did not *change* for its duration, measured with
 * the own monotonic clock. A longer duration than our own counts up to a minute. A lease without a holder is free at once only
 * for a process that has seen no holder, or with the proof of the one that it saw.
 */
export async function holdLease(
  options: LeaseOptions,
  { notice = waitNotice(options), sightings = sightingsOf(options) }: Partial<Waiting> = {},
): Promise<Lease> {
  const { cluster, namespace, name, identity, signal, times = LEASE_TIMES, log = NO_LOG } = options;
  const { durationMs } = times;
  const record = new LeaseRecord({ cluster, namespace, name, identity, durationMs, sightings, log });
  while (!signal.aborted) {
    const since = await record.tryOnce(signal);
    if (since !== undefined) return new HeldLease({ record, times, signal, identity, onLost: options.onLost }, since);
    if (sightings.holder !== '') notice.waits(sightings.holder, namespace);
    await pause(jittered(times.retryMs), signal);
  }
  throw new KubeError('ABORTED', `waiting for lease ${namespace}/${name} was given up`);
}

/** What outlives one try to get the lease. */
interface Waiting {
  readonly notice: WaitNotice;
  readonly sightings: Sightings;
}

export function sightingsOf({ identity, times = LEASE_TIMES }: Pick<LeaseOptions, 'identity' | 'times'>): Sightings {
  return new Sightings(identity, times);
}

export function waitNotice({ name, log = NO_LOG, onLongWait, waitTimes }: LeaseOptions): WaitNotice {
  return new WaitNotice({ name, log, onLongWait, waitTimes });
}

interface HeldOptions {
  readonly record: LeaseRecord;
  readonly times: LeaseTimes;
  readonly identity: string;
  readonly signal: AbortSignal;
  readonly onLost: (why: string) => void;
}

/** Renews in the background until given back or lost. */
class HeldLease implements Lease {
  readonly #options: HeldOptions;
  readonly #stopping = new AbortController();
  readonly #renewing: Promise<void>;
  readonly #onAbort = (): void => void this.release();
  #held = true;
  /** When the last successful write was sent, by our monotonic clock. */
  #renewedAt: number;
  #watchdog: NodeJS.Timeout | undefined;
  #releasing: Promise<void> | undefined;

  constructor(options: HeldOptions, since: number) {
    this.#options = options;
    this.#renewedAt = since;
    this.#armWatchdog();
    this.#renewing = this.#renew();
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  get held(): boolean {
    // The timer may be late when the process was suspended; the clock is not.
    return this.#held && performance.now() - this.#renewedAt < this.#options.times.renewDeadlineMs;
  }

  release(): Promise<void> {
    this.#releasing ??= this.#giveBack();
    return this.#releasing;
  }

  async #renew(): Promise<void> {
    const { record, times, identity } = this.#options;
    for (;;) {
      await pause(times.retryMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      const since = await record.tryOnce(this.#stopping.signal);
      if (since !== undefined) {
        this.#renewedAt = since;
        this.#armWatchdog();
        if (record.isEmptiedAgain) this.#lose('something else empties or deletes it again and again');
      } else if (record.holder !== identity && record.holder !== '') {
        this.#lose(`${record.holder} holds it now`);
      }
    }
  }

  /** Its own timer: a renewal that hangs must not delay the moment we stop. */
  #armWatchdog(): void {
    clearTimeout(this.#watchdog);
    if (!this.#held) return;
    const { renewDeadlineMs } = this.#options.times;
    const leftMs = Math.max(0, this.#renewedAt + renewDeadlineMs - performance.now());
    this.#watchdog = setTimeout(() => this.#lose(`not renewed for ${renewDeadlineMs / 1000} s`), leftMs);
  }

  #lose(why: string): void {
    if (!this.#held) return;
    this.#stop();
    this.#options.onLost(why);
  }

  async #giveBack(): Promise<void> {
    const wasHeld = this.#held;
    this.#stop();
    const { record, times } = this.#options;
    // A renewal under way would otherwise take it again behind our back.
    await atMost(times.renewDeadlineMs, this.#renewing);
    if (wasHeld) await atMost(times.renewDeadlineMs, record.giveBack());
  }

  #stop(): void {
    this.#held = false;
    clearTimeout(this.#watchdog);
    this.#stopping.abort();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** Waits for `work`, which never rejects, but no longer than `ms`. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, pause(ms, done.signal)]);
  done.abort();
}

/** Up to a fifth longer, so that candidates don't try in step. */
function jittered(ms: number): number {
  return ms * (1 + Math.random() / 5);
}
