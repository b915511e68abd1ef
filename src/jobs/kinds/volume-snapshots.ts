// CSI VolumeSnapshots as the place of a backup: the objects, and the PVCs that a Restore makes from them.

import { API_VERSION } from '../../api/group.ts';
import type { Destination } from '../../api/job.ts';
import type { JobTarget, JobVolume, VolumeSnapshotCopy } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import type { JobView } from '../model/job-kind.ts';
import { madeName, type JobIdentity } from '../model/names.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { PodMount, PodVolume } from '../model/task-spec.ts';
import { resultLabels } from '../task/result-pvc.ts';

const GROUP = 'snapshot.storage.k8s.io';

/** Where the manifest lies in the pod; the volumes are mounted below it. */
export const SNAPSHOT_FOLDER = '/source';
/** A manifest has a line for each file. */
export const MANIFEST_VOLUME: PodVolume = { name: 'manifest', sizeLimit: '1Gi' };
export const MANIFEST_MOUNT: PodMount = { volume: 'manifest', path: SNAPSHOT_FOLDER };

/** Before a node is stopped: why its cluster cannot make the snapshots. */
export function noSnapshots({ observed: { noSnapshots: why } }: JobView): Refusal | undefined {
  return why === undefined ? undefined : refuse('SnapshotsUnavailable', why);
}

/** One for each volume. Without an owner: a backup outlives its request, and only retention or a user removes it. */
export function volumeSnapshots(
  job: JobIdentity,
  target: JobTarget,
  { className }: NonNullable<Destination['volumeSnapshot']>,
): readonly KubeObject[] {
  return target.volumes.map(({ claim }, index) => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'VolumeSnapshot',
    metadata: { name: madeName(job, index), namespace: job.namespace, labels: resultLabels(job, target.node) },
    spec: {
      ...(className === undefined ? {} : { volumeSnapshotClassName: className }),
      source: { persistentVolumeClaimName: claim },
    },
  }));
}

/**
 * A PVC for each volume of the node, filled from its snapshot. The Restore removes them when it has ended, and owns them: however its
 * object goes, no copy of the data is left.
 */
export function claimsFrom(
  job: JobIdentity,
  target: JobTarget,
  snapshots: readonly VolumeSnapshotCopy[],
): readonly KubeObject[] | Refusal {
  const claims = target.volumes.map((volume, index) => {
    const snapshot = snapshots.find((one) => one.volume === volume.name);
    return snapshot === undefined ? undefined : claimFrom(volume, snapshot, { job, target, index });
  });
  const missing = target.volumes.find((_, index) => claims[index] === undefined);
  if (missing !== undefined)
    return refuse('SourceMissing', `the backup has no VolumeSnapshot of the volume ${missing.name}`);
  return claims.filter((claim) => claim !== undefined);
}

interface ClaimOf {
  readonly job: JobIdentity;
  readonly target: JobTarget;
  readonly index: number;
}

/** Its class must be of the driver that made the snapshot, and its size at least what the driver asks for. */
function claimFrom(volume: JobVolume, snapshot: VolumeSnapshotCopy, { job, target, index }: ClaimOf): KubeObject {
  const storageClassName = snapshot.storageClass ?? volume.storageClass;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: madeName(job, index),
      namespace: job.namespace,
      labels: resultLabels(job, target.node),
      ownerReferences: [
        { apiVersion: API_VERSION, kind: job.kind, name: job.name, uid: job.uid, blockOwnerDeletion: false },
      ],
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: larger(snapshot.restoreSize, volume.size) } },
      dataSource: { apiGroup: GROUP, kind: 'VolumeSnapshot', name: snapshot.name },
    },
  };
}

function larger(a: string | undefined, b: string | undefined): string {
  const sized = [a, b].flatMap((text) => (text === undefined ? [] : [{ text, bytes: parseQuantity(text) ?? 0 }]));
  return sized.toSorted((one, other) => other.bytes - one.bytes)[0]?.text ?? '1Gi';
}

/** The claims where the worker looks for the volumes. */
export function claimsAt(
  claims: readonly KubeObject[],
  target: JobTarget,
): { readonly volumes: PodVolume[]; readonly mounts: PodMount[] } {
  const parts = target.volumes.flatMap(({ name }, index) => {
    const pvc = claims[index]?.metadata.name;
    return pvc === undefined ? [] : [{ name, volume: `source-${name}`, pvc }];
  });
  return {
    // The file system of a snapshot may have to be repaired by its journal: the mount alone is read-only.
    volumes: [MANIFEST_VOLUME, ...parts.map(({ volume, pvc }) => ({ name: volume, pvc, readOnly: false }))],
    mounts: [
      MANIFEST_MOUNT,
      ...parts.map(({ name, volume }) => ({ volume, path: `${SNAPSHOT_FOLDER}/volumes/${name}`, readOnly: true })),
    ],
  };
}
