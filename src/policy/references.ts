// Every Secret and ConfigMap that a pod can reach by name.

import type { KubeObject } from '../api/objects.ts';
import { at, containersOf, itemsOf, type Located, podsOf, volumesOf } from './pod-view.ts';

export type ReferenceKind = 'Secret' | 'ConfigMap';

interface Rendered {
  readonly objects: readonly KubeObject[];
}

/** Where the pod names an object of the kind: volumes, projected volumes, variables, image pulls, drivers of volumes. */
export function referencesOf(kind: ReferenceKind, subject: Rendered): readonly Located[] {
  const found = kind === 'Secret' ? secrets(subject) : configMaps(subject);
  return found.filter(({ value }) => value !== undefined && value !== null);
}

/** The names, once each and sorted. */
export function referencedNames(kind: ReferenceKind, subject: Rendered): readonly string[] {
  const names = referencesOf(kind, subject).flatMap(({ value }) => (typeof value === 'string' ? value : []));
  return [...new Set(names)].sort();
}

function secrets(subject: Rendered): readonly Located[] {
  return [
    ...volumesOf(subject).flatMap((volume) => [
      at(volume, 'secret', 'secretName'),
      ...itemsOf(at(volume, 'projected', 'sources')).map((source) => at(source, 'secret', 'name')),
      at(volume, 'csi', 'nodePublishSecretRef', 'name'),
      // Kinds that the rules refuse anyhow, unless the policy waives that.
      ...OLD_DRIVERS.map((driver) => at(volume, driver, 'secretRef', 'name')),
      at(volume, 'azureFile', 'secretName'),
    ]),
    ...variables(subject).map((one) => at(one, 'valueFrom', 'secretKeyRef', 'name')),
    ...sources(subject).map((one) => at(one, 'secretRef', 'name')),
    ...podsOf(subject).flatMap((pod) => itemsOf(at(pod, 'imagePullSecrets')).map((one) => at(one, 'name'))),
  ];
}

const OLD_DRIVERS = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'];

function configMaps(subject: Rendered): readonly Located[] {
  return [
    ...volumesOf(subject).flatMap((volume) => [
      at(volume, 'configMap', 'name'),
      ...itemsOf(at(volume, 'projected', 'sources')).map((source) => at(source, 'configMap', 'name')),
    ]),
    ...variables(subject).map((one) => at(one, 'valueFrom', 'configMapKeyRef', 'name')),
    ...sources(subject).map((one) => at(one, 'configMapRef', 'name')),
  ];
}

function variables(subject: Rendered): readonly Located[] {
  return containersOf(subject).flatMap((one) => itemsOf(at(one, 'env')));
}

function sources(subject: Rendered): readonly Located[] {
  return containersOf(subject).flatMap((one) => itemsOf(at(one, 'envFrom')));
}
