// The kinds this program touches, and how the API server calls them.

import { API_VERSION, pluralOf } from '../api/group.ts';
import type { Kind } from './cluster.ts';
import { KubeError } from './kube-error.ts';

/** Kinds by name. A new one is one line here and its permission in `charts/nodewright/files/`; jobs need neither. */
export const KINDS = {
  Namespace: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
  Pod: { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
  Service: { apiVersion: 'v1', kind: 'Service', plural: 'services', namespaced: true },
  ServiceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true },
  ConfigMap: { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  Secret: { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
  Event: { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true },
  PersistentVolumeClaim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    namespaced: true,
  },
  PersistentVolume: { apiVersion: 'v1', kind: 'PersistentVolume', plural: 'persistentvolumes', namespaced: false },
  StatefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
  Deployment: { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  Job: { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true },
  PodDisruptionBudget: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    namespaced: true,
  },
  StorageClass: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    plural: 'storageclasses',
    namespaced: false,
  },
  VolumeSnapshotClass: {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    plural: 'volumesnapshotclasses',
    namespaced: false,
  },
  VolumeSnapshot: {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    plural: 'volumesnapshots',
    namespaced: true,
  },
  VolumeSnapshotContent: {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    plural: 'volumesnapshotcontents',
    namespaced: false,
  },
  Lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true },
  CustomResourceDefinition: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  },
  BlockchainNode: {
    apiVersion: API_VERSION,
    kind: 'BlockchainNode',
    plural: pluralOf('BlockchainNode'),
    namespaced: true,
  },
} as const satisfies Readonly<Record<string, Kind>>;

const BY_TYPE: ReadonlyMap<string, Kind> = new Map(
  Object.values(KINDS).map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]),
);

/** The kind of an object or reference. Throws KubeError CONFIG for one that is neither in the table nor of the own group. */
export function kindOf(object: { readonly apiVersion: string; readonly kind: string }): Kind {
  const kind = BY_TYPE.get(`${object.apiVersion}/${object.kind}`);
  if (kind !== undefined) return kind;
  if (object.apiVersion === API_VERSION) return ownKind(object.kind);
  throw new KubeError('CONFIG', `kind ${object.apiVersion}/${object.kind} is unknown here; add it to KINDS`);
}

/** A kind of this project, such as a job: its names follow from its kind. */
function ownKind(kind: string): Kind {
  return { apiVersion: API_VERSION, kind, plural: pluralOf(kind), namespaced: true };
}
