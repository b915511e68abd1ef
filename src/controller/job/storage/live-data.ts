// The objects in the cluster that have the data of a backup.

import type { KubeObject, Ref } from '../../../api/objects.ts';
import { whyForeign } from '../../../jobs/requests/own-backup.ts';
import type { JobRecord } from '../../../jobs/requests/record.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';
import { millisecondsOf } from '../../../lib/timestamp.ts';

/**
 * UIDs of the PVC and the VolumeSnapshots that a record names, by name, as far as they are there and carry the labels of its
 * job: a record that someone wrote to the status branch could name the data of anyone in its namespace.
 */
export async function liveData(record: JobRecord, cluster: Pick<Cluster, 'get'>): Promise<ReadonlyMap<string, string>> {
  const found = await liveObjects(record, cluster);
  return new Map(found.map(({ metadata: { name, uid = '' } }) => [name, uid]));
}

/** When the first of them was made, by the API server: milliseconds since the epoch; undefined when none is there. */
export async function madeAt(record: JobRecord, cluster: Pick<Cluster, 'get'>): Promise<number | undefined> {
  const found = await liveObjects(record, cluster);
  const times = found.flatMap(({ metadata }) => millisecondsOf(metadata.creationTimestamp ?? '') ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The objects themselves. */
export async function liveObjects(record: JobRecord, cluster: Pick<Cluster, 'get'>): Promise<readonly KubeObject[]> {
  const { claimName, namespace, volumeSnapshots = [] } = record;
  const refs: Ref[] = volumeSnapshots.map(({ name }) => ({ ...SNAPSHOT, namespace, name }));
  if (claimName !== undefined)
    refs.push({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName });
  const found = await Promise.all(refs.map(async (ref) => await getServed(ref, cluster)));
  return found.flatMap((live) => (live !== undefined && isMadeBy(record, live) ? live : []));
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
