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
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** NOT_SERVED: an administrator applies the definitions. */
const PASSING = ['NETWORK', 'TIMEOUT', 'SERVER', 'TOO_MANY_REQUESTS', 'NOT_SERVED'] as const;

/** Tries again while the API server is down; rejects on an error that an administrator must correct. */
export async function prepareCluster(preparation: Preparation): Promise<void> {
  const { cluster, namespace, log, signal } = preparation;
  for (let attempt = 1; ; attempt++) {
    try {
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

async function installKinds({ cluster, log, signal }: Preparation): Promise<void> {
  for (const result of await applyCrds(cluster, crds(), { signal })) {
    if (result.outcome !== 'kept') continue;
    log.warn({ crd: result.name, reason: result.warning }, 'Keeping the installed CRD');
  }
}
