// The objects in the cluster that have the data of a backup.

import type { KubeObject, Ref } from '../../../api/objects.ts';
import { whyForeign } from '../../../jobs/requests/own-backup.ts';
import type { JobRecord } from '../../../jobs/requests/record.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';

/**
 * UIDs of the PVC and the VolumeSnapshots that a record names, by name, as far as they are there and carry the labels of its
 * job: a record that someone wrote to the status branch could name the data of anyone in its namespace.
 */
export async function liveData(record: JobRecord, cluster: Pick<Cluster, 'get'>): Promise<ReadonlyMap<string, string>> {
  const { claimName, namespace, volumeSnapshots = [] } = record;
  const refs: Ref[] = volumeSnapshots.map(({ name }) => ({ ...SNAPSHOT, namespace, name }));
  if (claimName !== undefined)
    refs.push({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName });
  const found = await Promise.all(refs.map(async (ref) => await getServed(ref, cluster)));
  return new Map(
    found.flatMap((live) =>
      live !== undefined && isMadeBy(record, live) ? [[live.metadata.name, live.metadata.uid ?? ''] as const] : [],
    ),
  );
}

function isMadeBy(record: JobRecord, live: KubeObject): boolean {
  const { uid = '', deletionTimestamp } = live.metadata;
  return record.uid !== undefined && deletionTimestamp === undefined && whyForeign(record, uid, live) === undefined;
}

const SNAPSHOT = { apiVersion: KINDS.VolumeSnapshot.apiVersion, kind: KINDS.VolumeSnapshot.kind };

/** The definitions of VolumeSnapshots may be gone with all of them. */
export async function getServed(ref: Ref, cluster: Pick<Cluster, 'get'>): Promise<KubeObject | undefined> {
  try {
    return await cluster.get(ref);
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED')) return undefined;
    throw error;
  }
}
