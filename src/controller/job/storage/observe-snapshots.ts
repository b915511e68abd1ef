// Whether the cluster can make the VolumeSnapshots that a job asks for. Found out before a node is stopped.

import type { JobObject } from '../../../api/job-object.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { JobTarget } from '../../../api/job-status.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { isKubeError } from '../../../kube/kube-error.ts';
import { member, textAt } from '../../../lib/json-value.ts';

type SnapshotDeps = { readonly cluster: Pick<Cluster, 'get' | 'list'> };

const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class';
/** What made the volume of a PVC, by Kubernetes' own annotation. */
const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';

const NOT_SERVED =
  'the cluster has no VolumeSnapshots. Install the CRDs and the snapshot controller of https://github.com/kubernetes-csi/external-snapshotter and a CSI driver that makes snapshots, or choose another destination';

/** Why it cannot; undefined for a job that asks for none, that has begun, or where nothing is known to be wrong. */
export async function whyNoSnapshots(
  job: JobObject,
  targets: readonly JobTarget[],
  { cluster }: SnapshotDeps,
): Promise<string | undefined> {
  const wanted = member(member(job.spec, 'destination'), 'volumeSnapshot');
  if (wanted === undefined || !['Claimed', 'Locked'].includes(job.status?.phase ?? 'Pending')) return undefined;
  const classes = await classesOf(cluster);
  if (classes === 'NotServed') return NOT_SERVED;
  const className = textAt(wanted, ['className']);
  return classes === undefined ? undefined : await whyUnfitFor(job, targets, { cluster, classes, className });
}

interface Classes extends SnapshotDeps {
  readonly classes: readonly KubeObject[];
  readonly className: string | undefined;
}

async function whyUnfitFor(
  { metadata: { namespace = '' } }: JobObject,
  targets: readonly JobTarget[],
  { cluster, classes, className }: Classes,
): Promise<string | undefined> {
  if (className !== undefined && !classes.some(({ metadata }) => metadata.name === className))
    return `the cluster has no VolumeSnapshotClass ${className}. It has: ${listOf(classes)}`;
  for (const { claim } of targets.flatMap(({ volumes }) => volumes)) {
    const why = await whyUnfit({ claim, className, classes }, namespace, cluster);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Undefined without the right to list them: then the CSI driver decides. */
async function classesOf(cluster: SnapshotDeps['cluster']): Promise<readonly KubeObject[] | 'NotServed' | undefined> {
  try {
    return await cluster.list(KINDS.VolumeSnapshotClass);
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED')) return 'NotServed';
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
}

interface Fit {
  readonly claim: string;
  readonly className: string | undefined;
  readonly classes: readonly KubeObject[];
}

async function whyUnfit(
  { claim, className, classes }: Fit,
  namespace: string,
  cluster: SnapshotDeps['cluster'],
): Promise<string | undefined> {
  const pvc = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim });
  const driver = pvc?.metadata.annotations?.[PROVISIONER];
  if (driver === undefined) return undefined;
  const fitting = classes.filter((one) => textAt(one, ['driver']) === driver);
  const made = `${driver}, which made the volume of the PVC ${claim}`;
  if (fitting.length === 0) return `no VolumeSnapshotClass is of ${made}. The cluster has: ${listOf(classes)}`;
  const names = fitting.map(({ metadata }) => metadata.name);
  if (className === undefined) return whyNoDefault(driver, fitting);
  return names.includes(className)
    ? undefined
    : `the VolumeSnapshotClass ${className} is not of ${made}. Of that driver are: ${names.join(', ')}`;
}

function whyNoDefault(driver: string, classes: readonly KubeObject[]): string | undefined {
  const defaults = classes.filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true');
  if (defaults.length === 1) return undefined;
  const names = classes.map(({ metadata }) => metadata.name).join(', ');
  return `${driver} has ${defaults.length === 0 ? 'no' : 'more than one'} default VolumeSnapshotClass. Name one in spec.destination.volumeSnapshot.className: ${names}`;
}

function listOf(classes: readonly KubeObject[]): string {
  if (classes.length === 0) return 'none';
  return classes.map((one) => `${one.metadata.name} (${textAt(one, ['driver']) ?? '?'})`).join(', ');
}
