// StorageClasses that a Restore may make PVCs of: those of the volumes of its node, and those that the record of its source names.

import type { JobObject } from '../../../api/job-object.ts';
import type { JobTarget } from '../../../api/job-status.ts';
import type { ObservedClass, RestoreSource } from '../../../jobs/model/observation.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';
import { defined } from '../../../lib/defined.ts';
import { textAt } from '../../../lib/json-value.ts';
import { matchesAny } from '../../../policy/patterns.ts';
import { allowedFor, type PolicyDeps } from '../check-policy.ts';

interface Facts {
  readonly job: JobObject;
  readonly source: RestoreSource | undefined;
  readonly targets: readonly JobTarget[];
}

/** By name, as far as they exist. Undefined for a job that reads no VolumeSnapshot. */
export async function observeClasses(
  { job, source, targets }: Facts,
  deps: PolicyDeps & { readonly cluster: Pick<Cluster, 'get'> },
): Promise<ReadonlyMap<string, ObservedClass> | undefined> {
  if (source?.volumeSnapshots === undefined) return undefined;
  const volumes = [...targets, ...(job.status?.targets ?? [])].flatMap((target) => target.volumes);
  const noted = source.volumeSnapshots.flatMap(({ notedClass }) => notedClass ?? []);
  const names = new Set([...volumes.flatMap(({ storageClass }) => storageClass ?? []), ...noted]);
  const { storageClasses } = allowedFor(job, deps);
  const found = await Promise.all(
    [...names].map(async (name) => {
      const read = await readClass(name, deps.cluster);
      return read === undefined ? [] : [[name, { ...read, isAllowed: matchesAny(storageClasses, name) }] as const];
    }),
  );
  return new Map(found.flat());
}

/** Without the right to read it, it counts as one that exists. */
async function readClass(
  name: string,
  cluster: Pick<Cluster, 'get'>,
): Promise<Pick<ObservedClass, 'provisioner'> | undefined> {
  const { apiVersion, kind } = KINDS.StorageClass;
  try {
    const found = await cluster.get({ apiVersion, kind, name });
    return found === undefined ? undefined : defined({ provisioner: textAt(found, ['provisioner']) });
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return {};
    throw error;
  }
}
