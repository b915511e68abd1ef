// The parts of a rendered StatefulSet that rules read. Everything is read as untrusted JSON: a patch may have made it.

import type { KubeObject } from '../api/objects.ts';
import type { Path } from '../lib/json-pointer.ts';
import { isObject, member, type JsonObject, valueAt } from '../lib/json-value.ts';
import type { NodeCase } from './rule.ts';

export interface Located {
  readonly object: KubeObject;
  readonly value: unknown;
  readonly path: Path;
}

export interface PodView extends Located {
  readonly value: JsonObject;
}

const POD: Path = ['spec', 'template', 'spec'];

/** Forty rules ask for the pods of the same objects, which do not change. */
const known = new WeakMap<NodeCase['objects'], readonly PodView[]>();

/** The pod of every workload of the node: there is one. */
export function podsOf({ objects }: Pick<NodeCase, 'objects'>): readonly PodView[] {
  const pods = known.get(objects) ?? findPods(objects);
  known.set(objects, pods);
  return pods;
}

function findPods(objects: NodeCase['objects']): readonly PodView[] {
  return objects.flatMap((object) => {
    const value = valueAt(object, POD);
    return isObject(value) ? [{ object, value, path: POD }] : [];
  });
}

/** Containers of every sort, ephemeral ones too. */
export function containersOf(subject: Pick<NodeCase, 'objects'>): readonly Located[] {
  return podsOf(subject).flatMap((pod) =>
    ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => itemsOf(at(pod, field))),
  );
}

export function volumesOf(subject: Pick<NodeCase, 'objects'>): readonly Located[] {
  return podsOf(subject).flatMap((pod) => itemsOf(at(pod, 'volumes')));
}

/** The member of a located value; its value is undefined where there is none. */
export function at({ object, value, path }: Located, ...below: Path): Located {
  return { object, value: valueAt(value, below), path: [...path, ...below] };
}

/** The items of a located list. */
export function itemsOf({ object, value, path }: Located): readonly Located[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown, index) => ({ object, value: item, path: [...path, index] }));
}

/** The members of a located object. */
export function membersOf({ object, value, path }: Located): readonly (Located & { readonly name: string })[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, one]) => ({ object, name, value: one, path: [...path, name] }));
}

/** A container's own setting of its security context, else the pod's. */
export function inherited(
  container: Located,
  subject: Pick<NodeCase, 'objects'>,
  ...field: readonly string[]
): Located {
  const own = at(container, 'securityContext', ...field);
  if (own.value !== undefined && own.value !== null) return own;
  const pod = podsOf(subject).find(({ object }) => object === container.object);
  return pod === undefined ? own : at(pod, 'securityContext', ...field);
}

export function nameOf({ value }: Located): string {
  const name = member(value, 'name');
  return typeof name === 'string' ? name : '';
}
