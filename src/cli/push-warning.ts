// Why the status branch is not written, as the controller says it in Events about its Lease.

import type { ControllerReason } from '../api/codes/controller-reasons.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { controllerLease } from '../kube/lease/holder.ts';
import { textAt } from '../lib/json-value.ts';

const FAILED: readonly ControllerReason[] = ['StatusPushFailed', 'OtherCluster'];
const PUSHED: ControllerReason = 'StatusPushed';

/** Undefined when the last attempt succeeded, when there is no Event any more, and without permission to read Events. */
export async function readPushWarning(
  cluster: Pick<Cluster, 'list'>,
  { executor, namespace }: { readonly executor: string; readonly namespace: string },
): Promise<string | undefined> {
  const { kind, name } = controllerLease(executor, namespace);
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = await cluster.list(KINDS.Event, { namespace, fieldSelector }).catch(() => []);
  const [last] = events
    .map((event) => ({
      reason: textAt(event, ['reason']),
      message: textAt(event, ['message']) ?? '',
      at: textAt(event, ['lastTimestamp']) ?? '',
    }))
    .filter(({ reason = '' }) => isFailed(reason) || reason === PUSHED)
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  if (last === undefined || !isFailed(last.reason)) return undefined;
  return `the controller of executor ${executor} cannot write the status branch: ${last.message}`;
}

function isFailed(reason = ''): boolean {
  return FAILED.some((one) => one === reason);
}
