// What the cluster needs before a controller can work in it: the CRDs and the namespace.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { ensureNamespace } from './fleet/namespace.ts';
import { crds } from '../desired/crds.ts';
import type { ApiCluster } from '../kube/api-cluster.ts';
import { applyCrds } from '../kube/crds.ts';
import { describeError, hasCode } from '../lib/errors.ts';
import { retryDelay } from '../lib/retry-delay.ts';

interface Preparation {
  readonly cluster: ApiCluster;
  readonly namespace: string;
  /** Where the controller keeps its memory; that of the nodes unless it has one of its own. */
  readonly ownNamespace: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** NOT_SERVED: an administrator applies the definitions. */
const PASSING = ['NETWORK', 'TIMEOUT', 'SERVER', 'TOO_MANY_REQUESTS', 'NOT_SERVED'] as const;

/** Tries again while the API server is down; rejects on an error that an administrator must correct. */
export async function prepareCluster(preparation: Preparation): Promise<void> {
  const { cluster, namespace, ownNamespace, log, signal } = preparation;
  for (let attempt = 1; ; attempt++) {
    try {
      if (ownNamespace !== namespace) await requireNamespace(cluster, ownNamespace);
      await installKinds(preparation);
      await ensureNamespace(cluster, namespace);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!hasCode(error, ...PASSING)) throw error;
      const waitMs = retryDelay({ baseMs: 500, maxMs: 30_000 }, { failures: attempt, random: Math.random() });
      const facts = { reason: describeError(error), retryMs: waitMs };
      if (hasCode(error, 'NOT_SERVED')) log.error(facts, 'Waiting for custom resource definitions');
      else log.warn(facts, 'The API server does not answer yet');
      await sleep(waitMs, undefined, { signal });
    }
  }
}

/** It is never created: a mistyped name would leave the memory, and its keys, where no one looks for them. */
async function requireNamespace(cluster: ApiCluster, name: string): Promise<void> {
  try {
    if ((await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })) !== undefined) return;
  } catch (error) {
    if (hasCode(error, 'FORBIDDEN')) return;
    throw error;
  }
  throw new Error(
    `cannot keep its memory: namespace ${name} does not exist: kubectl create namespace ${name}, or correct --own-namespace`,
  );
}

async function installKinds({ cluster, log, signal }: Preparation): Promise<void> {
  for (const result of await applyCrds(cluster, crds(), { signal })) {
    if (result.outcome !== 'kept') continue;
    log.warn({ crd: result.name, reason: result.warning }, 'Keeping the installed CRD');
  }
}
