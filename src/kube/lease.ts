// Leader election on a coordination.k8s.io/v1 Lease: at most one holder works, and knows when it no longer may.

import type { KubeObject, Ref } from '../api/objects.ts';
import type { Cluster } from './cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { NO_LOG, type Log } from './log.ts';
import { pause } from './pause.ts';

export interface LeaseTimes {
  /** A lease that nobody renewed for so long is free. */
  readonly durationMs: number;
  /** A holder that can't renew for so long stops; less than `durationMs`, so that it stops before another starts. */
  readonly renewDeadlineMs: number;
  /** Between tries to get or renew it. */
  readonly retryMs: number;
}

/** The times of client-go, which people know. */
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
  readonly times?: LeaseTimes;
  readonly log?: Log;
}

export interface Lease {
  /** False from the moment it was lost or given back; look at it before every act that only the holder may do. */
  readonly held: boolean;
  /** Stops renewing and gives it back, so that the next one need not wait. Never rejects. */
  release(): Promise<void>;
}

/**
 * Resolves once we hold the lease; waits for that as long as it takes. Rejects with ABORTED when the signal does first.
 * Clocks of other machines are never trusted: a lease is free when it did not *change* for its duration by our own
 * monotonic clock.
 */
export async function holdLease(options: LeaseOptions): Promise<Lease> {
  const { signal } = options;
  const candidate = makeCandidate(options);
  while (!signal.aborted) {
    const started = performance.now();
    if (await candidate.tryOnce()) return keepLease(options, candidate, started);
    await pause(jittered(candidate.times.retryMs), signal);
  }
  throw new KubeError('ABORTED', `waiting for lease ${options.namespace}/${options.name} was given up`);
}

/** Renews in the background until released, aborted, or lost. */
function keepLease(options: LeaseOptions, candidate: Candidate, acquiredAt: number): Lease {
  const { signal, onLost } = options;
  const { times } = candidate;
  const stopping = new AbortController();
  let renewedAt = acquiredAt;
  let held = true;

  function lose(why: string): void {
    if (!held) return;
    held = false;
    clearTimeout(watchdog);
    stopping.abort();
    onLost(why);
  }

  // Its own timer: a renewal that hangs must not delay the moment we stop.
  let watchdog = armWatchdog();
  function armWatchdog(): NodeJS.Timeout {
    const leftMs = renewedAt + times.renewDeadlineMs - performance.now();
    return setTimeout(() => lose(`not renewed for ${times.renewDeadlineMs / 1000} s`), Math.max(0, leftMs));
  }

  async function renew(): Promise<void> {
    while (held && !stopping.signal.aborted) {
      await pause(times.retryMs, stopping.signal);
      if (stopping.signal.aborted) return;
      // From before the request: that is what others may see at the earliest.
      const started = performance.now();
      if (await candidate.tryOnce()) {
        renewedAt = started;
        clearTimeout(watchdog);
        if (held) watchdog = armWatchdog();
      } else if (candidate.holder() !== options.identity && candidate.holder() !== '') {
        lose(`${candidate.holder()} holds it now`);
      }
    }
  }
  const renewing = renew();

  let releasing: Promise<void> | undefined;
  async function giveBack(): Promise<void> {
    const wasHeld = held;
    held = false;
    clearTimeout(watchdog);
    stopping.abort();
    signal.removeEventListener('abort', onAbort);
    await Promise.race([renewing, pause(times.renewDeadlineMs, undefined)]);
    if (wasHeld) await Promise.race([candidate.release(), pause(times.renewDeadlineMs, undefined)]);
  }
  const release = (): Promise<void> => (releasing ??= giveBack());
  const onAbort = (): void => void release();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  return {
    get held() {
      // The timer may be late when the process was suspended; the clock is not.
      return held && performance.now() - renewedAt < times.renewDeadlineMs;
    },
    release,
  };
}

interface Candidate {
  readonly times: LeaseTimes;
  /** Gets or renews the lease if that is possible now; never rejects. */
  tryOnce(): Promise<boolean>;
  /** Who held it when we last looked; empty when nobody did. */
  holder(): string;
  /** Gives it back if it is still ours; never rejects. */
  release(): Promise<void>;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

function makeCandidate(options: LeaseOptions): Candidate {
  const { cluster, namespace, name, identity } = options;
  const times = options.times ?? LEASE_TIMES;
  const log = options.log ?? NO_LOG;
  const ref: Ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  let seen: { readonly object: KubeObject; readonly at: number } | undefined;

  async function tryOnce(): Promise<boolean> {
    try {
      const lease = await cluster.get(ref);
      if (lease === undefined) return await write(undefined);
      observe(lease);
      return isFree(specOf(lease)) ? await write(lease) : false;
    } catch (error) {
      // Somebody was faster; the next try sees who.
      if (!isKubeError(error, 'CONFLICT', 'ALREADY_EXISTS'))
        log.warn({ lease: name, err: error }, "Can't get the lease");
      return false;
    }
  }

  function observe(object: KubeObject): void {
    if (seen?.object.metadata.resourceVersion === object.metadata.resourceVersion) return;
    seen = { object, at: performance.now() };
  }

  function isFree(spec: LeaseSpec): boolean {
    if (spec.holderIdentity === identity || (spec.holderIdentity ?? '') === '') return true;
    const durationMs = Math.max(times.durationMs, (spec.leaseDurationSeconds ?? 0) * 1000);
    return seen !== undefined && performance.now() - seen.at > durationMs;
  }

  async function write(old: KubeObject | undefined): Promise<boolean> {
    const now = microTime();
    const before = old === undefined ? {} : specOf(old);
    const ours = before.holderIdentity === identity;
    const spec: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(times.durationMs / 1000),
      acquireTime: ours ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before.leaseTransitions ?? 0) + (ours || old === undefined ? 0 : 1),
    };
    await put(old, spec);
    return true;
  }

  async function put(old: KubeObject | undefined, spec: LeaseSpec): Promise<void> {
    const { apiVersion, kind } = ref;
    // The version of what we read goes with it: if anybody wrote in between, this fails.
    const metadata = old === undefined ? { name, namespace } : old.metadata;
    const object = { apiVersion, kind, metadata, spec };
    observe(old === undefined ? await cluster.create(object) : await cluster.replace(object));
  }

  async function release(): Promise<void> {
    try {
      const lease = await cluster.get(ref);
      if (lease === undefined || specOf(lease).holderIdentity !== identity) return;
      await put(lease, { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() });
    } catch (error) {
      log.warn({ lease: name, err: error }, "Can't give the lease back; it runs out by itself");
    }
  }

  return {
    times,
    tryOnce,
    release,
    holder: () => (seen === undefined ? '' : (specOf(seen.object).holderIdentity ?? '')),
  };
}

function specOf(lease: KubeObject): LeaseSpec {
  // The edge: the API server has validated it.
  return (lease['spec'] ?? {}) as LeaseSpec;
}

/** MicroTime of meta/v1: RFC 3339 with six digits. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

/** Up to a fifth longer, so that candidates don't try in step. */
function jittered(ms: number): number {
  return ms * (1 + Math.random() / 5);
}
