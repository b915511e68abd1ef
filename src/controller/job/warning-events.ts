// What the cluster complains about: some reasons stand nowhere but in Events.

import type { KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { textAt } from '../../lib/json-value.ts';

/**
 * The message of the newest Warning about this very object, by its UID; with `reason`, of that reason only. Undefined
 * when there is none, and when Events can't be read: they explain, nothing is decided by their absence.
 */
export async function latestWarning(
  { metadata: { namespace, uid } }: KubeObject,
  cluster: Pick<Cluster, 'list'>,
  reason?: string,
): Promise<string | undefined> {
  const events = await cluster
    .list(KINDS.Event, namespace === undefined ? {} : { namespace })
    .catch((): readonly KubeObject[] => []);
  const [newest] = events
    .filter(
      (event) =>
        textAt(event, ['involvedObject', 'uid']) === uid &&
        textAt(event, ['type']) === 'Warning' &&
        (reason === undefined || textAt(event, ['reason']) === reason),
    )
    .toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
  return textAt(newest, ['message']);
}

/** Repeated Events move their last time; those of the newer API have only one with fractions. */
function timeOf(event: KubeObject): string {
  return textAt(event, ['lastTimestamp']) ?? textAt(event, ['eventTime']) ?? event.metadata.creationTimestamp ?? '';
}
