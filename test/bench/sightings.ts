// Watches objects and says when one first was as awaited.

import type { KubeObject } from '../../src/api/objects.ts';
import type { ApiCluster } from '../../src/kube/api-cluster.ts';
import type { Kind } from '../../src/kube/cluster.ts';
import { within } from './wait.ts';

export interface Sightings {
  get(key: string): KubeObject | undefined;
  list(): readonly KubeObject[];
  /** performance.now() of the moment from which `holds`; at once when it holds already. */
  until(what: string, timeoutMs: number, holds: () => boolean): Promise<number>;
  stop(): void;
}

interface Waiter {
  readonly holds: () => boolean;
  readonly seen: (at: number) => void;
}

/** Resolves when the first list is there. Times include the way of the event to this process. */
export async function watchKind(cluster: ApiCluster, kind: Kind, labelSelector?: string): Promise<Sightings> {
  const ending = new AbortController();
  const waiters = new Set<Waiter>();
  function look(): void {
    for (const waiter of waiters) {
      if (!waiter.holds()) continue;
      waiters.delete(waiter);
      waiter.seen(performance.now());
    }
  }
  const informer = cluster.inform(kind, {
    signal: ending.signal,
    onChange: () => void (waiters.size > 0 && look()),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  });
  await within(`the first list of ${kind.kind}`, 60_000, informer.synced());
  return {
    get: (key) => informer.get(key),
    list: () => informer.list(),
    async until(what, timeoutMs, holds) {
      const { promise, resolve } = Promise.withResolvers<number>();
      const waiter: Waiter = { holds, seen: resolve };
      waiters.add(waiter);
      look();
      try {
        return await within(what, timeoutMs, promise);
      } finally {
        waiters.delete(waiter);
      }
    },
    stop: () => ending.abort(),
  };
}
