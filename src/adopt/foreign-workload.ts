// A workload of another tool, read from the cluster: the parts of its pod that a node file describes.

import type { KubeObject } from '../api/objects.ts';
import { defined } from '../lib/defined.ts';
import { isObject, listAt, textAt, valueAt } from '../lib/json-value.ts';

/** The kinds that `adopt` reads. Some tools create pods without a StatefulSet. */
export const FOREIGN_KINDS = ['StatefulSet', 'Deployment', 'Pod'] as const;
export type ForeignKind = (typeof FOREIGN_KINDS)[number];

export interface ForeignContainer {
  readonly name: string;
  readonly image: string;
  /** Program and arguments; without `command` only the arguments are known. */
  readonly argv: readonly string[];
  readonly ports: readonly number[];
  readonly mounts: readonly ForeignMount[];
  readonly variables: readonly string[];
  readonly resources: Readonly<Record<string, unknown>>;
}

export interface ForeignMount {
  readonly volume: string;
  readonly path: string;
  readonly subPath: string;
}

export interface ForeignWorkload {
  readonly kind: ForeignKind;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Another controller that keeps this object as it is, in words. */
  readonly keptBy: string | undefined;
  readonly podName: string;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly containers: readonly ForeignContainer[];
  readonly initContainers: readonly string[];
  /** Volume of the pod → its PVC. */
  readonly pvcs: ReadonlyMap<string, string>;
  readonly secrets: readonly string[];
  readonly uid: number | undefined;
  readonly hostNetwork: boolean;
  /** The PVCs go with the StatefulSet. */
  readonly deletesVolumes: boolean;
  /** Fields of the pod that a node has under the same name. */
  readonly placement: Readonly<Record<string, unknown>>;
}

const PLACEMENT = ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName', 'imagePullSecrets'] as const;

/** `ordinal` chooses the pod of a StatefulSet with several: a node is one pod. */
export function readForeign(object: KubeObject, ordinal: number): ForeignWorkload {
  const kind = FOREIGN_KINDS.find((one) => one === object.kind);
  if (kind === undefined) throw new Error(`a ${object.kind} cannot be adopted`);
  const { name, namespace = '' } = object.metadata;
  const template = kind === 'Pod' ? object : valueAt(object, ['spec', 'template']);
  const pod = recordAt(template, ['spec']);
  const podName = kind === 'StatefulSet' ? `${name}-${ordinal}` : name;
  return {
    kind,
    namespace,
    name,
    replicas: kind === 'Pod' ? 1 : numberAt(object, ['spec', 'replicas'], 1),
    keptBy: keeperOf(object),
    podName,
    podLabels: textsAt(template, ['metadata', 'labels']),
    containers: listAt(pod, ['containers']).map(readContainer),
    initContainers: listAt(pod, ['initContainers']).map(nameOf),
    pvcs: new Map([...templatePvcs(object, podName), ...volumePvcs(pod)]),
    secrets: listAt(pod, ['volumes']).flatMap((volume) => textAt(volume, ['secret', 'secretName']) ?? []),
    uid: optionalNumber(pod, ['securityContext', 'runAsUser']),
    hostNetwork: valueAt(pod, ['hostNetwork']) === true,
    deletesVolumes:
      textAt(object, ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted']) === 'Delete' ||
      textAt(object, ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenScaled']) === 'Delete',
    placement: Object.fromEntries(PLACEMENT.flatMap((field) => (field in pod ? [[field, pod[field]]] : []))),
  };
}

/** Stopping what another controller keeps running is in vain, and dangerous with a signing key. */
function keeperOf({ metadata }: KubeObject): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? deployerOf(metadata) : `${owner.kind} ${owner.name} (${owner.apiVersion})`;
}

function deployerOf({ labels = {}, annotations = {} }: KubeObject['metadata']): string | undefined {
  const flux = labels['kustomize.toolkit.fluxcd.io/name'] ?? labels['helm.toolkit.fluxcd.io/name'];
  if (flux !== undefined) return `Flux ${flux}`;
  const argo = annotations['argocd.argoproj.io/tracking-id'] ?? labels['argocd.argoproj.io/instance'];
  if (argo !== undefined) return `Argo CD ${argo.split(':')[0] ?? ''}`;
  const release = annotations['meta.helm.sh/release-name'];
  return release === undefined ? undefined : `Helm release ${release}`;
}

function readContainer(value: unknown): ForeignContainer {
  const words = [...listAt(value, ['command']), ...listAt(value, ['args'])];
  return {
    name: nameOf(value),
    image: textAt(value, ['image']) ?? '',
    argv: words.filter((word) => typeof word === 'string'),
    ports: listAt(value, ['ports']).flatMap((port) => optionalNumber(port, ['containerPort']) ?? []),
    mounts: listAt(value, ['volumeMounts']).map((mount) => ({
      volume: nameOf(mount),
      path: (textAt(mount, ['mountPath']) ?? '').replace(/(?<=.)\/+$/, ''),
      subPath: textAt(mount, ['subPath']) ?? textAt(mount, ['subPathExpr']) ?? '',
    })),
    variables: listAt(value, ['env']).map(nameOf),
    resources: defined({
      requests: valueAt(value, ['resources', 'requests']),
      limits: valueAt(value, ['resources', 'limits']),
    }),
  };
}

function templatePvcs(object: KubeObject, podName: string): readonly (readonly [string, string])[] {
  return listAt(object, ['spec', 'volumeClaimTemplates']).flatMap((template) => {
    const volume = textAt(template, ['metadata', 'name']);
    return volume === undefined ? [] : [[volume, `${volume}-${podName}`] as const];
  });
}

function volumePvcs(pod: unknown): readonly (readonly [string, string])[] {
  return listAt(pod, ['volumes']).flatMap((volume) => {
    const pvc = textAt(volume, ['persistentVolumeClaim', 'claimName']);
    return pvc === undefined ? [] : [[nameOf(volume), pvc] as const];
  });
}

function nameOf(value: unknown): string {
  return textAt(value, ['name']) ?? '';
}

function recordAt(value: unknown, path: readonly string[]): Readonly<Record<string, unknown>> {
  const found = valueAt(value, path);
  return isObject(found) ? found : {};
}

function textsAt(value: unknown, path: readonly string[]): Readonly<Record<string, string>> {
  const entries = Object.entries(recordAt(value, path));
  return Object.fromEntries(entries.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));
}

function optionalNumber(value: unknown, path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : undefined;
}

function numberAt(value: unknown, path: readonly string[], otherwise: number): number {
  return optionalNumber(value, path) ?? otherwise;
}
