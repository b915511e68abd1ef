// CSI VolumeSnapshots as the place of a backup: the objects, and the PVCs that a Restore makes from them.

import { API_VERSION } from '../../api/group.ts';
import type { Destination } from '../../api/job.ts';
import type { JobTarget, JobVolume } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import type { JobView } from '../model/job-kind.ts';
import { madeName, type JobIdentity } from '../model/names.ts';
import type { JobObservation, ObservedClass, SourceSnapshot } from '../model/observation.ts';
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

/** What a Restore reads VolumeSnapshots with. */
interface FromSnapshots {
  readonly job: JobIdentity;
  readonly target: JobTarget;
  readonly snapshots: readonly SourceSnapshot[];
  readonly classes: JobObservation['storageClasses'];
}

/**
 * A PVC for each volume of the node, filled from its snapshot. The Restore removes them when it has ended, and owns them: however its
 * object goes, no copy of the data is left.
 */
export function claimsFrom({ job, target, snapshots, classes }: FromSnapshots): readonly KubeObject[] | Refusal {
  const claims = target.volumes.map((volume, index) => {
    const snapshot = snapshots.find((one) => one.volume === volume.name);
    if (snapshot === undefined) return undefined;
    return claimFrom({ volume, snapshot, storageClass: classFor(volume, snapshot, classes) }, { job, target, index });
  });
  const missing = target.volumes.find((_, index) => claims[index] === undefined);
  if (missing !== undefined)
    return refuse('SourceMissing', `the backup has no VolumeSnapshot of the volume ${missing.name}`);
  return claims.filter((claim) => claim !== undefined);
}

/** Before a node is stopped: why a PVC of one of its volumes cannot be filled. */
export function noClassFor({ target, snapshots, classes }: FromSnapshots): Refusal | undefined {
  for (const volume of target.volumes) {
    const snapshot = snapshots.find((one) => one.volume === volume.name);
    const { driver, notedClass } = snapshot ?? {};
    if (snapshot === undefined || driver === undefined) continue;
    const name = classFor(volume, snapshot, classes);
    // Without a name it is the default class of the cluster, as of the node itself.
    if (name === undefined || isOf(driver, classes?.get(name))) continue;
    const known = new Set([volume.storageClass, notedClass].filter((one) => one !== undefined));
    const classesText = [...known].map((one) => describeClass(one, classes?.get(one))).join(', ');
    const what = `the VolumeSnapshot ${snapshot.name} is of the CSI driver ${driver}`;
    return refuse('NoStorageClass', `${what}, and no StorageClass for the volume ${volume.name} is: ${classesText}`);
  }
  return undefined;
}

function describeClass(name: string, found: ObservedClass | undefined): string {
  if (found === undefined) return `${name} does not exist`;
  const refused = found.isAllowed ? '' : ', and the policy does not allow it';
  return `${name} is of ${found.provisioner ?? 'a driver that may not be read'}${refused}`;
}

/**
 * That of the node's own volume. Only where another driver made the snapshot, that of the volume which was backed up: a record names it,
 * so it counts as far as a file of the request could name it, and as it is of the driver.
 */
function classFor(
  { storageClass }: JobVolume,
  { driver, notedClass }: SourceSnapshot,
  classes: FromSnapshots['classes'],
): string | undefined {
  if (driver === undefined || (storageClass !== undefined && isOf(driver, classes?.get(storageClass))))
    return storageClass;
  const noted = notedClass === undefined ? undefined : classes?.get(notedClass);
  return noted?.isAllowed === true && noted.provisioner === driver ? notedClass : storageClass;
}

/** Of one that may not be read nothing is known to be wrong. */
function isOf(driver: string, found: ObservedClass | undefined): boolean {
  return found !== undefined && (found.provisioner ?? driver) === driver;
}

interface Claim {
  readonly volume: JobVolume;
  readonly snapshot: SourceSnapshot;
  readonly storageClass: string | undefined;
}

interface ClaimOf {
  readonly job: JobIdentity;
  readonly target: JobTarget;
  readonly index: number;
}

/** Its class must be of the driver that made the snapshot, and its size at least what the driver asks for. */
function claimFrom({ volume, snapshot, storageClass }: Claim, { job, target, index }: ClaimOf): KubeObject {
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
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
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
