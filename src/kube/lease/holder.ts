// Who holds a Lease, as anyone who may read it sees it.

import type { KubeObject, Ref } from '../../api/objects.ts';
import { textAt } from '../../lib/json-value.ts';
import type { Cluster } from '../cluster.ts';

const PREFIX = 'nodewright-';

/** The Lease of the controller of an executor; `namespace` is the controller's. */
export function controllerLease(executor: string, namespace: string): Ref & { readonly namespace: string } {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: `${PREFIX}${executor}` };
}

/** Of the Lease of a controller, by its name. */
export function executorOf(lease: string): string | undefined {
  return lease.startsWith(PREFIX) ? lease.slice(PREFIX.length) : undefined;
}

export interface LeaseHolder {
  /** Empty when it was released. */
  readonly holder: string;
  /** As the holder's clock said, milliseconds since the epoch; undefined when it was never renewed. */
  readonly renewedAt: number | undefined;
}

/** Undefined when there is no such Lease. */
export async function readLeaseHolder(cluster: Pick<Cluster, 'get'>, lease: Ref): Promise<LeaseHolder | undefined> {
  const live = await cluster.get(lease);
  return live === undefined ? undefined : holderIn(live);
}

export function holderIn(live: KubeObject): LeaseHolder {
  const renewedAt = Date.parse(textAt(live, ['spec', 'renewTime']) ?? '');
  return {
    holder: textAt(live, ['spec', 'holderIdentity']) ?? '',
    renewedAt: Number.isNaN(renewedAt) ? undefined : renewedAt,
  };
}
