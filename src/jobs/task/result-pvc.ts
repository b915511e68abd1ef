// The PVC that holds what a Backup or a Snapshot made.

import { FIELD_MANAGER, LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL } from '../../api/job-object.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import { fit, jobObjectName, type JobIdentity } from '../model/names.ts';
import { refuse, type Refusal } from '../model/refusal.ts';

export interface ResultPvcInput {
  readonly job: JobIdentity;
  readonly target: JobTarget;
  readonly storageClass: string | undefined;
  readonly size: string | undefined;
}

/**
 * The PVC: the node's own class and size unless the request says otherwise. An unknown class is left out (the
 * cluster's default), never set to "", which would mean "no provisioning". It has no owner: a backup outlives its
 * request, and only retention or a user removes it.
 */
export function resultPvc({ job, target, storageClass, size }: ResultPvcInput): { readonly pvc: KubeObject } | Refusal {
  const wanted = size ?? sizeOf(target);
  if (wanted === undefined) return refuse('UnknownSize', `the PVCs of ${target.node} name no size: set spec.pvcSize`);
  const className = storageClass ?? target.volumes[0]?.storageClass;
  const pvc: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: jobObjectName(job),
      namespace: job.namespace,
      labels: resultLabels(job, target.node),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(className === undefined ? {} : { storageClassName: className }),
      resources: { requests: { storage: wanted } },
    },
  };
  return { pvc };
}

/** Retention removes only what carries them. `node`: the one that the data is of. */
export function resultLabels(job: JobIdentity, node: string): Readonly<Record<string, string>> {
  return {
    [LABEL.managedBy]: FIELD_MANAGER,
    [LABEL.job]: jobObjectName(job),
    [JOB_UID_LABEL]: job.uid,
    [SOURCE_LABEL]: fit(node, 63),
  };
}

/** The node that a backup is of. Not the node's own label: prune and status must not take it for a part of the node. */
const SOURCE_LABEL = 'validatoros.com/backup-of';

/** One volume: its size as written. Several: the sum, in whole MiB. */
function sizeOf({ volumes }: JobTarget): string | undefined {
  if (volumes.length === 1) return volumes[0]?.size;
  let total = 0;
  for (const { size } of volumes) {
    const bytes = size === undefined ? undefined : parseQuantity(size);
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total === 0 ? undefined : `${Math.ceil(total / 2 ** 20)}Mi`;
}
