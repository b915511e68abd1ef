// Keeps a copy of all objects of a kind, as close to the API server's as the network allows, for as long as we run.

import type { KubeObject } from '../api/objects.ts';
import { retryDelay } from '../lib/retry-delay.ts';
import type { Informer, InformOptions, Kind } from './cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { listAll } from './list.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';
import type { Rest } from './rest.ts';
import { makeStore } from './store.ts';
import { watchEvents, type WatchEvent } from './watch.ts';

export interface InformerTimes {
  /** Silence on a watch after which it is given up. */
  readonly inactivityMs: number;
  /** How long a watch lasts at least; up to a quarter longer, so that they don't all end at once. */
  readonly watchSeconds: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

export const INFORMER_TIMES: InformerTimes = {
  // Bookmarks come about every minute; two missed ones and a bit.
  inactivityMs: 150_000,
  watchSeconds: 240,
  backoff: { baseMs: 500, maxMs: 30_000 },
};

export interface InformerParts {
  readonly rest: Rest;
  readonly log: Log;
  readonly times: InformerTimes;
}

/** After so many failures in a row, none of them the network's, the version itself is suspected: list again. */
const SUSPECT_VERSION_AFTER = 3;

/** A watch that lasted this long worked, even if nothing changed. Note: a list alone proves nothing about watches. */
const STEADY_MS = 20_000;

/**
 * Starts it. One single loop lists, then watches, then lists or watches again; nothing else touches the copy, so there
 * are no stale callbacks, and when the signal aborts the loop's only request is ended with it.
 */
export function startInformer<T extends KubeObject>(
  parts: InformerParts,
  kind: Kind,
  options: InformOptions<T>,
): Informer<T> {
  const { rest, log, times } = parts;
  const { signal } = options;
  const store = makeStore<T>(kind.kind, options.onChange, log);
  const synced = Promise.withResolvers<void>();
  // Nobody has to wait for it.
  synced.promise.catch(() => undefined);
  let isSynced = false;
  let lastContact = 0;
  let trouble: Error | undefined;
  let version: string | undefined;
  let failures = 0;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        version ??= await list();
        await follow(version);
      } catch (error) {
        failed(error);
      }
      // Also after an end in good order, so that a server that closes at once isn't hammered.
      failures++;
      await pause(delay(), signal);
    }
    synced.reject(new KubeError('ABORTED', `the informer of ${kind.kind} was stopped`));
  }

  async function list(): Promise<string> {
    const listed = await listAll(rest, { ...options, kind, shape: store.shape, onPage: contact });
    if (!signal.aborted) store.replace(listed.items, signal);
    isSynced = true;
    trouble = undefined;
    synced.resolve();
    return listed.resourceVersion;
  }

  async function follow(from: string): Promise<void> {
    const timeoutSeconds = Math.round(times.watchSeconds * (1 + Math.random() / 4));
    const events = watchEvents(rest, {
      ...options,
      kind,
      resourceVersion: from,
      timeoutSeconds,
      inactivityMs: times.inactivityMs,
      onOpen: () => (trouble = undefined),
      onContact: contact,
    });
    const opened = performance.now();
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        take(event);
      }
    } finally {
      if (performance.now() - opened > STEADY_MS) failures = 0;
    }
  }

  function take({ type, object }: WatchEvent): void {
    version = object.metadata.resourceVersion;
    failures = 0;
    if (type === 'DELETED') store.remove(object);
    else if (type !== 'BOOKMARK') store.put(object);
  }

  function failed(error: unknown): void {
    if (signal.aborted) return;
    if (needsList(error, failures)) version = undefined;
    // A version that grew too old is everyday life; the list that follows tells whether there is trouble.
    if (isKubeError(error, 'GONE')) return;
    if (trouble === undefined) log.warn({ kind: kind.kind, err: error }, 'Watching is interrupted');
    trouble = error instanceof Error ? error : new Error(String(error));
  }

  function contact(): void {
    lastContact = Date.now();
  }

  function delay(): number {
    const retryAfterMs = trouble instanceof KubeError ? (trouble.retryAfterMs ?? 0) : 0;
    return retryDelay(failures, times.backoff, Math.random(), retryAfterMs);
  }

  void run();
  return {
    synced: () => synced.promise,
    get isSynced() {
      return isSynced;
    },
    get: store.get,
    list: store.list,
    get lastContact() {
      return lastContact;
    },
    get trouble() {
      return trouble;
    },
  };
}

function needsList(error: unknown, failures: number): boolean {
  if (isKubeError(error, 'GONE', 'INVALID', 'NOT_SERVED')) return true;
  return failures >= SUSPECT_VERSION_AFTER && !isKubeError(error, 'NETWORK', 'TIMEOUT', 'FORBIDDEN', 'UNAUTHORIZED');
}
