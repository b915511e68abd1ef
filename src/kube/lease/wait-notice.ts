// Says that a candidate waits for a Lease longer than a holder that died could make it wait.

import type { Log } from '../log.ts';

/**
 * A record that does not change is free after this long, also when it names a longer duration: those who may write a Lease could make it
 * years. A controller of ours names 15 s, so that two never work at once.
 */
export const MAX_PROMISE_MS = 60_000;

/** How long another's record holds without a change: at least as long as ours would. */
export function promiseMs(
  { durationMs, maxPromiseMs = MAX_PROMISE_MS }: { readonly durationMs: number; readonly maxPromiseMs?: number },
  seconds: unknown,
): number {
  const named = typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : 0;
  return Math.max(durationMs, Math.min(named, maxPromiseMs));
}

export interface LeaseWait {
  readonly holder: string;
  readonly namespace: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface WaitTimes {
  /** The first warning. */
  readonly afterMs: number;
  /** The next ones. */
  readonly everyMs: number;
}

const TIMES: WaitTimes = { afterMs: MAX_PROMISE_MS + 15_000, everyMs: 3_600_000 };

interface WaitNoticeOptions {
  readonly name: string;
  readonly log: Log;
  readonly onLongWait?: ((wait: LeaseWait) => void) | undefined;
  readonly waitTimes?: WaitTimes | undefined;
}

export class WaitNotice {
  readonly #options: WaitNoticeOptions;
  readonly #since = performance.now();
  #reportedAt: number | undefined;

  constructor(options: WaitNoticeOptions) {
    this.#options = options;
  }

  /** Called after each attempt that found another holder. */
  waits(holder: string, namespace: string): void {
    const { name, log, onLongWait, waitTimes = TIMES } = this.#options;
    const now = performance.now();
    const isDue =
      this.#reportedAt === undefined
        ? now - this.#since >= waitTimes.afterMs
        : now - this.#reportedAt >= waitTimes.everyMs;
    if (!isDue) return;
    this.#reportedAt = now;
    const message = `the Lease ${namespace}/${name} is held by ${holder}, which renews it. If that is no controller of this executor, someone else writes the Lease: find out who in the audit log of the API server, and take the right to write Leases in ${namespace} from them`;
    log.warn({ lease: name, namespace, holder, waitedSeconds: Math.round((now - this.#since) / 1000), advice: message }, 'Waiting long for the lease'); // prettier-ignore
    onLongWait?.({ holder, namespace, message });
  }
}
