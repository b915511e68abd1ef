// One outage of the API server interrupts the watch of every kind: two log lines report it, its begin and its end.

import { describeError } from '../lib/errors.ts';
import { KubeError } from './kube-error.ts';
import type { Log } from './log.ts';

export interface Outages {
  /** A watch or list of the kind failed. */
  interrupted(kind: string, error: unknown): void;
  /** The kind is listed and watched again. */
  restored(kind: string): void;
}

export interface OutageOptions {
  readonly log: Log;
  /** An outage is over when every kind was watched for so long: a server that restarts cuts watches more than once. */
  readonly quietMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** After it nothing is logged. */
  readonly signal: AbortSignal;
}

interface Outage {
  readonly since: number;
  readonly code: string;
  /** Every kind that was interrupted. */
  readonly kinds: Set<string>;
  /** Those that are not watched again yet. */
  readonly broken: Set<string>;
  interruptions: number;
  end: NodeJS.Timeout | undefined;
}

/** A server that cannot be reached is one outage of all kinds; what it refuses for one kind is an outage of that kind. */
export function createOutages({ log, quietMs, now, signal }: OutageOptions): Outages {
  const outages = new Map<string, Outage>();

  function begin(key: string, kind: string, error: unknown): Outage {
    const code = codeOf(error);
    log.warn({ kind, code, err: error }, 'Watching was interrupted');
    const sets = { kinds: new Set<string>(), broken: new Set<string>() };
    const outage: Outage = { since: now(), code, ...sets, interruptions: 0, end: undefined };
    outages.set(key, outage);
    return outage;
  }

  function end(key: string, { since, code, kinds, interruptions }: Outage): void {
    outages.delete(key);
    const facts = { code, kinds: [...kinds].sort(), interruptions, seconds: Math.round((now() - since) / 1000) };
    log.info(facts, 'Watching was restored');
  }

  signal.addEventListener('abort', () => outages.forEach(({ end }) => clearTimeout(end)), { once: true });
  return {
    interrupted(kind, error) {
      const key = keyOf(kind, error);
      const outage = outages.get(key) ?? begin(key, kind, error);
      clearTimeout(outage.end);
      outage.interruptions += 1;
      outage.kinds.add(kind);
      outage.broken.add(kind);
    },
    restored(kind) {
      for (const [key, outage] of outages) {
        if (!outage.broken.delete(kind) || outage.broken.size > 0) continue;
        outage.end = setTimeout(() => end(key, outage), quietMs);
        outage.end.unref();
      }
    },
  };
}

const OF_ONE_KIND: ReadonlySet<string> = new Set(['FORBIDDEN', 'NOT_SERVED', 'NOT_FOUND', 'INVALID']);

function keyOf(kind: string, error: unknown): string {
  const code = codeOf(error);
  return OF_ONE_KIND.has(code) ? `${code} ${kind}` : 'server';
}

function codeOf(error: unknown): string {
  return error instanceof KubeError ? error.code : describeError(error);
}
