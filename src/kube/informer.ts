// Keeps a copy of all objects of a kind, as close to the API server's as the network allows, for as long as we run.

import type { KubeObject } from '../api/objects.ts';
import { retryDelay } from '../lib/retry-delay.ts';
import type { Informer, InformOptions, Kind } from './cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { listAll } from './list.ts';
import type { Log } from './log.ts';
import type { Outages } from './outages.ts';
import { pause } from './pause.ts';
import type { Rest } from './rest.ts';
import { makeStore, type Store } from './store.ts';
import { watchEvents, type WatchEvent } from './watch.ts';

export interface InformerTimes {
  /** Silence on a watch after which it is given up. */
  readonly inactivityMs: number;
  /** How long a watch lasts at least; up to a quarter longer, so that they don't all end at once. */
  readonly watchSeconds: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** How long every kind is watched before an outage counts as over. */
  readonly quietMs: number;
}

export const INFORMER_TIMES: InformerTimes = {
  // Bookmarks come about every minute; two missed ones and a bit.
  inactivityMs: 150_000,
  watchSeconds: 240,
  backoff: { baseMs: 500, maxMs: 30_000 },
  quietMs: 5_000,
};

export interface InformerParts {
  readonly rest: Rest;
  readonly log: Log;
  readonly outages: Outages;
  readonly times: InformerTimes;
}

/** After so many failures in a row, none of them the network's, the version itself is suspected: list again. */
const SUSPECT_VERSION_AFTER = 3;

/** A watch that lasted this long worked, even if nothing changed. Note: a list alone proves nothing about watches. */
const STEADY_MS = 20_000;

/** Starts it; it ends with `options.signal`. */
export function startInformer<T extends KubeObject>(
  parts: InformerParts,
  kind: Kind,
  options: InformOptions<T>,
): Informer<T> {
  const informer = new ListWatch<T>(parts, kind, options);
  void informer.run();
  return informer;
}

/**
 * One single loop lists, then watches, then lists or watches again; nothing else touches the copy, so there are no stale
 * callbacks, and when the signal aborts the loop's only request is ended with it.
 */
class ListWatch<T extends KubeObject> implements Informer<T> {
  readonly #parts: InformerParts;
  readonly #kind: Kind;
  readonly #options: InformOptions<T>;
  readonly #store: Store<T>;
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #lastContact = 0;
  #trouble: Error | undefined;
  /** The version at which the next watch continues; undefined: list first. */
  #version: string | undefined;
  #failures = 0;

  constructor(parts: InformerParts, kind: Kind, options: InformOptions<T>) {
    this.#parts = parts;
    this.#kind = kind;
    this.#options = options;
    this.#store = makeStore<T>(kind.kind, options, parts.log);
    // The caller need not await it.
    this.#synced.promise.catch(() => undefined);
  }

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get lastContact(): number {
    return this.#lastContact;
  }

  get trouble(): Error | undefined {
    return this.#trouble;
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  /** Resolves when the signal aborted; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#relist();
        await this.#follow(this.#version);
      } catch (error) {
        this.#failed(error);
      }
      // Also after an end in good order, so that a server that closes at once isn't hammered.
      this.#failures++;
      await pause(this.#delay(), signal);
    }
    // Nothing waits for it any more.
    this.#parts.outages.restored(this.#name);
    this.#synced.reject(new KubeError('ABORTED', `the informer of ${this.#kind.kind} was stopped`));
  }

  async #relist(): Promise<string> {
    const { namespace, labelSelector, signal } = this.#options;
    const scope = { kind: this.#kind, namespace, labelSelector, signal };
    const listed = await listAll(this.#parts.rest, {
      ...scope,
      shape: this.#store.shape,
      onPage: () => this.#contact(),
    });
    if (signal.aborted) return listed.resourceVersion;
    this.#store.replace(listed.items, signal);
    this.#trouble = undefined;
    this.#isSynced = true;
    this.#synced.resolve();
    return listed.resourceVersion;
  }

  async #follow(resourceVersion: string): Promise<void> {
    const { namespace, labelSelector, signal } = this.#options;
    const { rest, times } = this.#parts;
    const opened = performance.now();
    const events = watchEvents(rest, {
      kind: this.#kind,
      namespace,
      labelSelector,
      signal,
      resourceVersion,
      timeoutSeconds: Math.round(times.watchSeconds * (1 + Math.random() / 4)),
      inactivityMs: times.inactivityMs,
      onOpen: () => this.#works(),
      onContact: () => this.#contact(),
    });
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        this.#take(event);
      }
    } finally {
      if (performance.now() - opened > STEADY_MS) this.#failures = 0;
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'DELETED') this.#store.remove(object);
    else if (type !== 'BOOKMARK') this.#store.put(object);
    this.#version = object.metadata.resourceVersion;
    this.#failures = 0;
  }

  #failed(error: unknown): void {
    if (this.#options.signal.aborted) return;
    if (needsList(error, this.#failures)) this.#version = undefined;
    // An expired version is normal; the following list shows whether there is a problem.
    if (isKubeError(error, 'GONE')) return;
    this.#parts.outages.interrupted(this.#name, error);
    this.#trouble = error instanceof Error ? error : new Error(String(error));
  }

  #works(): void {
    this.#trouble = undefined;
    this.#parts.outages.restored(this.#name);
  }

  /** `Pod`, or `Pod in team-a` when one namespace is watched. */
  get #name(): string {
    const { namespace } = this.#options;
    return namespace === undefined ? this.#kind.kind : `${this.#kind.kind} in ${namespace}`;
  }

  #contact(): void {
    this.#lastContact = Date.now();
  }

  #delay(): number {
    const retryAfterMs = this.#trouble instanceof KubeError ? this.#trouble.retryAfterMs : undefined;
    return retryDelay(this.#parts.times.backoff, {
      failures: this.#failures,
      random: Math.random(),
      retryAfterMs,
    });
  }
}

function needsList(error: unknown, failures: number): boolean {
  if (isKubeError(error, 'GONE', 'INVALID', 'NOT_SERVED')) return true;
  return failures >= SUSPECT_VERSION_AFTER && !isKubeError(error, 'NETWORK', 'TIMEOUT', 'FORBIDDEN', 'UNAUTHORIZED');
}
