// What a Restore may read from, as the records list it: they are there also when the cluster is new.

import { valueAt } from '../../lib/json-value.ts';
import { jobKeyOf, type JobRequest } from '../../api/job-object.ts';
import { defined } from '../../lib/defined.ts';
import type { JobRecord } from './record.ts';
import type { RestoreSource } from '../model/observation.ts';

/** The key of the Backup or Snapshot that a Restore names, or undefined. */
export function sourceKeyOf(request: JobRequest): string | undefined {
  for (const [field, kind] of [
    ['backup', 'Backup'],
    ['snapshot', 'Snapshot'],
  ] as const) {
    const name = valueAt(request.spec, [field]);
    const { namespace } = request.metadata;
    if (typeof name === 'string')
      return jobKeyOf({ kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });
  }
  return undefined;
}

/** Its VolumeSnapshots as the record says. */
export type RecordedSource = Omit<RestoreSource, 'volumeSnapshots'> & Pick<JobRecord, 'volumeSnapshots'>;

/**
 * A record as a source. `pvcs`: UID of every PVC, or every VolumeSnapshot, that it may name, by name; one of another UID is
 * another.
 */
export function sourceOf(record: JobRecord, pvcs: ReadonlyMap<string, string>): RecordedSource {
  const { claimName, claimUid, volumeSnapshots } = record;
  const uid = claimName === undefined ? undefined : pvcs.get(claimName);
  return {
    phase: record.phase,
    job: `${record.kind} ${record.namespace}/${record.name}`,
    kind: record.kind,
    pvcPresent: uid !== undefined && (claimUid === undefined || claimUid === uid),
    chain: record.chain ?? '',
    node: record.nodes?.[0] ?? '',
    live: record.live ?? false,
    deployMethod: record.deployMethod ?? 'managed',
    ...present(record, ['manifestSha256', 'network', 'chainId', 'format']),
    ...defined({
      pvcName: claimName,
      stored: record.objectStorage,
      volumeSnapshots,
      missingSnapshots: volumeSnapshots?.filter((one) => pvcs.get(one.name) !== one.uid).map(({ name }) => name),
      removed: record.dataRemoved,
      height: record.height,
      bytes: record.bytes,
      files: record.files,
      clients: record.clients,
    }),
  };
}

function present<Key extends keyof JobRecord>(record: JobRecord, keys: readonly Key[]): { [Field in Key]?: string } {
  const found: { [Field in Key]?: string } = {};
  for (const key of keys) {
    const value = record[key];
    if (typeof value === 'string') found[key] = value;
  }
  return found;
}
