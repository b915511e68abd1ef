// Why the status branch is not written, as the controller says it in Events about its Lease.

import type { ControllerReason } from '../api/codes/controller-reasons.ts';
import { ANNOTATION } from '../api/group.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { controllerLease } from '../kube/lease/holder.ts';
import { textAt } from '../lib/json-value.ts';

const FAILED: readonly ControllerReason[] = ['StatusPushFailed', 'OtherCluster'];
const PUSHED: ControllerReason = 'StatusPushed';

/** Undefined when the last attempt succeeded, when the controller was started since, when there is no Event any more, and without permission to read Events. */
export async function readPushWarning(
  cluster: Pick<Cluster, 'get' | 'list'>,
  { executor, namespace }: { readonly executor: string; readonly namespace: string },
): Promise<string | undefined> {
  const lease = controllerLease(executor, namespace);
  const { kind, name } = lease;
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = await cluster.list(KINDS.Event, { namespace, fieldSelector }).catch(() => []);
  const [last] = events
    .map((event) => ({
      reason: textAt(event, ['reason']),
      message: textAt(event, ['message']) ?? '',
      // Without the annotation it is one of an older controller.
      at: event.metadata.annotations?.[ANNOTATION.saidAt] ?? textAt(event, ['lastTimestamp']) ?? '',
    }))
    .filter(({ reason = '' }) => isFailed(reason) || reason === PUSHED)
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  if (last === undefined || !isFailed(last.reason)) return undefined;
  // One that was started since says so itself when it cannot push either.
  const startedAt = Date.parse(textAt(await cluster.get(lease).catch(() => undefined), ['spec', 'acquireTime']) ?? '');
  if (Date.parse(last.at) < startedAt) return undefined;
  return `the controller of executor ${executor} cannot write the status branch: ${last.message}`;
}

function isFailed(reason = ''): boolean {
  return FAILED.some((one) => one === reason);
}
