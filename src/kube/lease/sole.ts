// A Lease that counts in the whole cluster: its holder makes sure that no Lease of the same name is held in another namespace.

import type { KubeObject } from '../../api/objects.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import type { Cluster } from '../cluster.ts';
import { KINDS } from '../kinds.ts';
import { isKubeError } from '../kube-error.ts';
import { holdLease, LEASE_TIMES, type Lease, type LeaseOptions, waitNotice } from './lease.ts';
import { NO_LOG } from '../log.ts';
import { pause } from '../pause.ts';
import { promiseMs, type WaitNotice } from './wait-notice.ts';

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
  const others = watchOthers(options, notice);
  for (;;) {
    const lease = await holdLease(options, notice);
    if (!(await others.exist())) return lease;
    await lease.release();
    do await pause(times.retryMs * (1 + Math.random()), signal);
    while (!signal.aborted && (await others.exist()));
  }
}

interface Seen {
  readonly version: string | undefined;
  /** When it was first seen like that, by our monotonic clock. */
  readonly at: number;
}

function watchOthers(
  { cluster, namespace, name, times = LEASE_TIMES, log = NO_LOG }: SoleLeaseOptions,
  notice: WaitNotice,
): { exist(): Promise<boolean> } {
  const seen = new Map<string, Seen>();
  const reported = new Set<string>();

  function report(key: string, fields: Readonly<Record<string, unknown>>, sentence: string): void {
    if (!reported.has(key)) log.warn(fields, sentence);
    reported.add(key);
  }

  /** As for a Lease of our own: free when it did not change for its duration. Its times are not read. */
  function isHeld(lease: KubeObject): boolean {
    if ((textAt(lease, ['spec', 'holderIdentity']) ?? '') === '') return false;
    const place = lease.metadata.namespace ?? '';
    const before = seen.get(place);
    const isNews = before?.version !== lease.metadata.resourceVersion;
    const at = before === undefined || isNews ? performance.now() : before.at;
    seen.set(place, { version: lease.metadata.resourceVersion, at });
    const seconds = valueAt(lease, ['spec', 'leaseDurationSeconds']);
    return performance.now() - at <= promiseMs(times, seconds);
  }

  return {
    async exist() {
      try {
        const leases = await cluster.list(KINDS.Lease, { fieldSelector: `metadata.name=${name}` });
        const other = leases.find((lease) => lease.metadata.namespace !== namespace && isHeld(lease));
        if (other === undefined) return false;
        const holder = textAt(other, ['spec', 'holderIdentity']) ?? '';
        const where = other.metadata.namespace ?? '';
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
