// Whether the data that a record names is the data of a schedule's own backup. A user who may push to the status branch can
// write any record, so the record alone never decides what is removed.

import { FIELD_MANAGER, LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL } from '../../api/job-object.ts';
import type { KubeObject } from '../../api/objects.ts';
import { jobObjectName, madeName } from '../model/names.ts';
import type { JobRecord } from './record.ts';
import { isRunOf } from './schedule.ts';

/** A record that can be of a run of that schedule: its namespace, its name, and the name of the PVC that such a run creates. */
export function isOwnRun(
  { kind, namespace, name, uid, claimName, volumeSnapshots = [] }: JobRecord,
  schedule: { readonly namespace: string; readonly name: string },
): boolean {
  if (uid === undefined || namespace !== schedule.namespace || !isRunOf(schedule.name, name)) return false;
  const job = { kind, namespace, name, uid };
  const names = volumeSnapshots.map((_, index) => madeName(job, index));
  if (!volumeSnapshots.every((one) => names.includes(one.name))) return false;
  return claimName === undefined || claimName === jobObjectName(job);
}

/** Why the PVC or VolumeSnapshot is not the one that the job of this record created; undefined when it is. */
export function whyForeign(
  { kind, namespace, name, uid = '' }: JobRecord,
  dataUid: string,
  live: KubeObject,
): string | undefined {
  const { metadata } = live;
  if (metadata.uid !== dataUid) return 'its UID is another than the record says';
  const isOurs =
    metadata.labels?.[LABEL.managedBy] === FIELD_MANAGER &&
    metadata.labels[LABEL.job] === jobObjectName({ kind, namespace, name, uid }) &&
    metadata.labels[JOB_UID_LABEL] === uid;
  return isOurs ? undefined : 'it does not carry the labels of the job in the record';
}
