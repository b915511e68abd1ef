// Which function reconciles the keys of which queue.

import type { Deps } from './deps.ts';
import type { Reconcilers } from './engine/queues.ts';
import { pullBranch } from './fleet/pull.ts';
import { reconcileFleet } from './fleet/reconcile.ts';
import { reconcileRequests } from './job/reconcile-requests.ts';
import { reconcileJob } from './job/reconcile.ts';
import { observeNode } from './node/observe.ts';
import { reconcileNode } from './node/reconcile.ts';
import { reportNode } from './node/report.ts';
import { publishStatus } from './publish/publish.ts';
import { reconcileUpgrade } from './upgrade/reconcile.ts';

export function createReconcilers(deps: Deps): Reconcilers {
  return {
    pull: async (_key, signal) => await pullBranch(deps, signal),
    sync: async (_key, signal) => await reconcileFleet(deps, signal),
    node: async (key) => await reconcileNode(key, deps),
    observe: async (key, signal) => await observeNode(key, deps, signal),
    report: async (key) => await reportNode(key, deps),
    requests: async (_key, signal) => await reconcileRequests(deps, signal),
    jobs: async (key, signal) => await reconcileJob(key, deps, signal),
    upgrade: async (_key, signal) => await reconcileUpgrade(deps, signal),
    publish: async (_key, signal) => await publishStatus(deps, signal),
  };
}
