// Which pods can use what belongs to a node: by their names, volumes and Secrets. Labels and owners can be taken off a pod that runs, and
// the watches do not show it any more.

import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import { listAt, textAt } from '../../lib/json-value.ts';

/** Of a volume that several nodes share, the folder. */
export interface UsedVolume {
  readonly claim: string;
  readonly subPath?: string | undefined;
}

export function hasEnded(pod: KubeObject): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod, ['status', 'phase']) ?? '');
}

/** The name is one that the StatefulSet of the node gives to its pods: while such a pod is there it makes no other. */
export function isNamedAfter({ metadata }: KubeObject, node: string): boolean {
  return metadata.name.startsWith(`${node}-`) && /^\d+$/.test(metadata.name.slice(node.length + 1));
}

export function isLabelledFor({ metadata }: KubeObject, node: string): boolean {
  return metadata.labels?.[LABEL.node] === node;
}

/** By its name or its label, whichever is left. */
export function isPodOf(pod: KubeObject, node: string): boolean {
  return isLabelledFor(pod, node) || isNamedAfter(pod, node);
}

/** Keys of the nodes that it may be of, by its label and by its name. */
export function nodesOfPod({ metadata: { name, namespace = '', labels } }: KubeObject): readonly string[] {
  const names = [labels?.[LABEL.node], name.replace(/-\d+$/, '')];
  return names.flatMap((node) => (node === undefined ? [] : [`${namespace}/${node}`]));
}

/** A pod of a managed node as the watches know it. */
export function isOwnPodOfLabel(pod: KubeObject): boolean {
  const node = pod.metadata.labels?.[LABEL.node];
  return node !== undefined && isNamedAfter(pod, node);
}

/** The volume of these that the pod mounts. */
export function volumeUsedBy(pod: KubeObject, volumes: readonly UsedVolume[]): UsedVolume | undefined {
  return volumes.find(({ claim, subPath }) => {
    const mounted = listAt(pod, ['spec', 'volumes'])
      .filter((volume) => textAt(volume, ['persistentVolumeClaim', 'claimName']) === claim)
      .map((volume) => textAt(volume, ['name']));
    return mounted.length > 0 && (subPath === undefined || mountsFolder(pod, { names: mounted, subPath }));
  });
}

function mountsFolder(
  pod: KubeObject,
  { names, subPath }: { readonly names: readonly (string | undefined)[]; readonly subPath: string },
): boolean {
  return ['initContainers', 'containers']
    .flatMap((field) => listAt(pod, ['spec', field]))
    .flatMap((container) => listAt(container, ['volumeMounts']))
    .some((mount) => names.includes(textAt(mount, ['name'])) && textAt(mount, ['subPath']) === subPath);
}

/** A pod with the name of the node's that the watches do not show as one. */
export function describeUnlabelled(pod: KubeObject, node: string): string {
  const does = hasEnded(pod) ? 'has ended and stays' : 'runs';
  return `${pod.metadata.name} ${does} without the labels of ${node}: ${remedyFor(pod, node)}`;
}

/** What an operator does about a pod of the node that the watches do not show as one. */
export function remedyFor({ metadata: { name, namespace = '' } }: KubeObject, node: string): string {
  return `delete it (kubectl -n ${namespace} delete pod ${name}), or put its labels back (${LABEL.node}=${node} and those of the StatefulSet)`;
}
