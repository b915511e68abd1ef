// A Lease that counts in the whole cluster: its holder makes sure that no Lease of the same name is held in another namespace.

import type { KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../cluster.ts';
import { KINDS } from '../kinds.ts';
import { isKubeError } from '../kube-error.ts';
import { holdLease, LEASE_TIMES, type Lease, type LeaseOptions, sightingsOf, waitNotice } from './lease.ts';
import { NO_LOG } from '../log.ts';
import { pause } from '../pause.ts';
import { Sightings } from './sightings.ts';
import type { WaitNotice } from './wait-notice.ts';

export interface SoleLeaseOptions extends LeaseOptions {
  readonly cluster: LeaseOptions['cluster'] & Pick<Cluster, 'list'>;
}

/**
 * Takes the Lease and looks for others afterwards: of two processes that start at once, at least one sees the other, and
 * a process that sees another gives its own back. Namespaces whose Leases may not be listed are not covered, which is logged once.
 */
export async function holdSoleLease(options: SoleLeaseOptions): Promise<Lease> {
  const { signal, times = LEASE_TIMES } = options;
  const notice = waitNotice(options);
  const sightings = sightingsOf(options);
  const others = watchOthers(options, notice);
  for (;;) {
    const lease = await holdLease(options, { notice, sightings });
    if (!(await others.exist())) return lease;
    await lease.release();
    do await pause(times.retryMs * (1 + Math.random()), signal);
    while (!signal.aborted && (await others.exist()));
  }
}

function watchOthers(
  { cluster, namespace, name, times = LEASE_TIMES, log = NO_LOG }: SoleLeaseOptions,
  notice: WaitNotice,
): { exist(): Promise<boolean> } {
  /** By namespace. */
  const seen = new Map<string, Sightings>();
  const reported = new Set<string>();

  function report(key: string, fields: Readonly<Record<string, unknown>>, sentence: string): void {
    if (!reported.has(key)) log.warn(fields, sentence);
    reported.add(key);
  }

  /** The first that may be held; also one that was emptied or deleted, like a Lease of our own. */
  function heldOne(leases: readonly KubeObject[]): { readonly where: string; readonly holder: string } | undefined {
    const found = new Map(leases.map((lease) => [lease.metadata.namespace ?? '', lease]));
    found.delete(namespace);
    for (const where of found.keys()) if (!seen.has(where)) seen.set(where, new Sightings('', times));
    for (const [where, sightings] of seen) {
      sightings.see(found.get(where));
      if (!found.has(where) && sightings.isFree) seen.delete(where);
    }
    const [where, sightings] = [...seen].find(([, one]) => !one.isFree) ?? [];
    return where === undefined ? undefined : { where, holder: sightings?.holder ?? '' };
  }

  return {
    async exist() {
      try {
        const leases = await cluster.list(KINDS.Lease, { fieldSelector: `metadata.name=${name}` });
        const other = heldOne(leases);
        if (other === undefined) return false;
        const { where, holder } = other;
        notice.waits(holder, where);
        report(
          `${where}/${holder}`,
          { lease: name, namespace: where, holder },
          'Waiting for a controller of the same executor in another namespace',
        );
        return true;
      } catch (error) {
        if (isKubeError(error, 'FORBIDDEN')) {
          report(
            '',
            { lease: name },
            'Listing the Leases of other namespaces is not allowed: a controller of the same executor there is not noticed',
          );
          return false;
        }
        report(String(error), { lease: name, err: error }, 'Listing the Leases of other namespaces failed');
        return true;
      }
    },
  };
}
