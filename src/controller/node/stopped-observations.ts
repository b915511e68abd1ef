// A node whose pod runs and that is no longer asked: its status would not follow what the node does.

import { keyOf } from '../../api/objects.ts';
import type { NodeDeps } from './deps.ts';
import { isOwnedBy } from './owner.ts';
import { podAddress } from './pod.ts';

type CheckDeps = Pick<NodeDeps, 'watches' | 'observations' | 'runtime' | 'settings' | 'notify'>;

/** How often it is checked, in milliseconds. In memory alone: no request is sent. */
export const CHECK_MS = 10_000;
/** A question takes seconds; a queue of thousands of nodes takes longer. */
const LEAST_MS = 120_000;
const MISSED_INTERVALS = 10;

/** Reports when each running node was asked last, and asks those again that were left out. */
export function createObservationCheck(deps: CheckDeps): () => void {
  const { watches, observations, runtime, settings, notify } = deps;
  /** Of nodes that were never asked: since when their pod is known to run. */
  let runningSince: ReadonlyMap<string, number> = new Map();
  return () => {
    const now = runtime.now();
    const limitMs = Math.max(LEAST_MS, MISSED_INTERVALS * settings.observeIntervalMs);
    const running = watches.nodes
      .list()
      .filter((node) => isOwnedBy(node, settings.executor))
      .map(keyOf)
      .filter((key) => podAddress(watches.owned(key, 'Pod')) !== undefined);
    runningSince = new Map(running.map((key) => [key, runningSince.get(key) ?? now]));
    const times = running.map((key) => ({ key, at: observations.askedAt(key) ?? runningSince.get(key) ?? now }));
    runtime.telemetry.observed(times);
    const nodeKeys = times.filter(({ at }) => now - at > limitMs).map(({ key }) => key);
    if (nodeKeys.length === 0) return;
    runtime.log.warn({ nodes: nodeKeys.slice(0, 10), count: nodeKeys.length }, 'Asking nodes again that were left out');
    notify('ObservationStopped', { nodeKeys });
  };
}
