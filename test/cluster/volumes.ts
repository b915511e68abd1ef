// The storage of a cluster: a provisioner that gives every claim a directory of the node as a `local` volume.
//
// The controller manager has a host-path provisioner for tests, but its directories belong to root with mode 0750 and know
// no fsGroup: a pod that does not run as root could never write to them. A `local` volume is treated by the kubelet like
// any disk.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import {
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type KubernetesObject,
  type ObjectCache,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1PersistentVolumeSpec,
  type V1VolumeNodeAffinity,
} from '@kubernetes/client-node';

import { describeError } from '../../src/lib/errors.ts';
import { parseQuantity } from '../../src/lib/quantity.ts';
import { follow } from './follow.ts';
import { kubeconfigPath, type ClusterState } from './state.ts';
import { PROVISIONER, STORAGE_CLASSES } from './storage-classes.ts';

interface Storage {
  readonly api: CoreV1Api;
  readonly folder: string;
  readonly claims: ObjectCache<V1PersistentVolumeClaim>;
  readonly volumes: ObjectCache<V1PersistentVolume>;
}

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const SMALLEST = '1Gi';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** Serves claims until the process ends. What fails is tried again with the next look, at most a second later. */
export async function serveVolumes(state: ClusterState): Promise<never> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath(state));
  const api = config.makeApiClient(CoreV1Api);
  let changed = true;
  const claims = follow(config, '/api/v1/persistentvolumeclaims', () =>
    api.listPersistentVolumeClaimForAllNamespaces(),
  );
  const volumes = follow(config, '/api/v1/persistentvolumes', () => api.listPersistentVolume());
  for (const followed of [claims, volumes]) followed.onChange(() => (changed = true));
  const storage: Storage = {
    api,
    folder: join(state.directory, 'volumes'),
    claims: claims.cache,
    volumes: volumes.cache,
  };
  for (;;) {
    if (changed) {
      changed = false;
      if (!(await settle(storage))) changed = true;
    }
    await wait(changed ? 1_000 : 100);
  }
}

/** One round over everything; whether all of it worked. */
async function settle(storage: Storage): Promise<boolean> {
  const claims = storage.claims.list().map((claim) => () => serveClaim(storage, claim));
  const volumes = storage.volumes.list().map((volume) => () => reclaim(storage, volume));
  let worked = true;
  for (const step of [...claims, ...volumes]) {
    try {
      await step();
    } catch (error) {
      worked = false;
      console.error(describeError(error));
    }
  }
  return worked;
}

async function serveClaim(storage: Storage, claim: V1PersistentVolumeClaim): Promise<void> {
  if (!isServed(claim)) return;
  const { metadata, spec, status } = claim;
  const volume = storage.volumes.get(`pvc-${metadata?.uid}`);
  if (volume === undefined && spec?.volumeName === undefined) await provision(storage, claim);
  if (volume !== undefined && status?.phase === 'Bound') await expand(storage, claim, volume);
}

function isServed({ metadata, spec }: V1PersistentVolumeClaim): boolean {
  return (
    metadata?.deletionTimestamp === undefined && STORAGE_CLASSES.some(({ name }) => name === spec?.storageClassName)
  );
}

/** Makes the volume on the node the scheduler chose; before that there is nothing to do. */
async function provision(storage: Storage, claim: V1PersistentVolumeClaim): Promise<void> {
  const node = claim.metadata?.annotations?.[SELECTED_NODE];
  if (node === undefined) return;
  const name = `pvc-${claim.metadata?.uid}`;
  const path = join(storage.folder, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  fill(storage, claim, path);
  await storage.api.createPersistentVolume({
    body: {
      metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
      spec: volumeSpec(claim, path, node),
    },
  });
}

/** From a VolumeSnapshot, as a CSI driver does it: `snapshotFolder` is where a test keeps what it is of. */
function fill(storage: Storage, { metadata, spec }: V1PersistentVolumeClaim, path: string): void {
  const { kind, name = '' } = spec?.dataSource ?? {};
  if (kind !== 'VolumeSnapshot') return;
  const from = snapshotFolder(storage.folder, metadata?.namespace ?? '', name);
  // With owners, modes and times.
  execFileSync('cp', ['-a', `${from}/.`, path]);
}

/** Below the folder of the volumes. */
export function snapshotFolder(volumes: string, namespace: string, name: string): string {
  return join(volumes, 'snapshots', namespace, name);
}

/** A directory of one node, for this PVC alone. */
function volumeSpec({ metadata, spec }: V1PersistentVolumeClaim, path: string, node: string): V1PersistentVolumeSpec {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  return {
    capacity: { storage: requested(spec) },
    accessModes: spec?.accessModes ?? [],
    volumeMode: 'Filesystem',
    storageClassName: spec?.storageClassName ?? '',
    persistentVolumeReclaimPolicy: 'Delete',
    local: { path },
    nodeAffinity: onNode(node),
    claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
  };
}

function onNode(name: string): V1VolumeNodeAffinity {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }];
  return { required: { nodeSelectorTerms: [{ matchExpressions }] } };
}

/** A directory has no size of its own: a larger claim is granted by saying so, in the order an external resizer does it. */
async function expand(storage: Storage, claim: V1PersistentVolumeClaim, volume: V1PersistentVolume): Promise<void> {
  const wanted = requested(claim.spec);
  const capacity = { storage: wanted };
  if (bytes(volume.spec?.capacity?.['storage']) < bytes(wanted))
    await storage.api.patchPersistentVolume({ name: nameOf(volume), body: { spec: { capacity } } }, MERGE);
  if (bytes(claim.status?.capacity?.['storage']) < bytes(wanted)) {
    const target = { name: nameOf(claim), namespace: claim.metadata?.namespace ?? '' };
    await storage.api.patchNamespacedPersistentVolumeClaimStatus(
      { ...target, body: { status: { capacity, conditions: null } } },
      MERGE,
    );
  }
}

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

/** Data goes only with a volume whose claim is gone and whose policy says so. */
async function reclaim(storage: Storage, volume: V1PersistentVolume): Promise<void> {
  const ours = volume.metadata?.annotations?.[PROVISIONED_BY] === PROVISIONER;
  if (!ours || volume.status?.phase !== 'Released' || volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return;
  rmSync(join(storage.folder, nameOf(volume)), { recursive: true, force: true });
  await storage.api.deletePersistentVolume({ name: nameOf(volume) });
}

function requested(spec: V1PersistentVolumeClaim['spec']): string {
  return spec?.resources?.requests?.['storage'] ?? SMALLEST;
}

function bytes(quantity: string | undefined): number {
  return parseQuantity(quantity ?? '0') ?? 0;
}

function nameOf(object: KubernetesObject): string {
  return object.metadata?.name ?? '';
}
