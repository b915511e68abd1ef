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

type Rendered = Pick<NodeCase, 'objects'>;

/** Forty rules, one after the other, ask for the same parts of the same objects, which do not change. */
export function remembered<T>(find: (subject: Rendered) => T): (subject: Rendered) => T {
  let last: { readonly objects: NodeCase['objects']; readonly found: T } | undefined;
  return (subject) => {
    if (last?.objects !== subject.objects) last = { objects: subject.objects, found: find(subject) };
    return last.found;
  };
}

/** The pod of every workload of the node: there is one. */
export const podsOf = remembered(({ objects }): readonly PodView[] =>
  objects.flatMap((object) => {
    const value = valueAt(object, POD);
    return isObject(value) ? [{ object, value, path: POD }] : [];
  }),
);

/** Containers of every sort, ephemeral ones too. */
export const containersOf = remembered((subject): readonly Located[] =>
  podsOf(subject).flatMap((pod) =>
    ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => itemsOf(at(pod, field))),
  ),
);

/** Security contexts of the pod and of every container. */
export const contextsOf = remembered((subject): readonly Located[] =>
  [...podsOf(subject), ...containersOf(subject)].map((one) => at(one, 'securityContext')),
);

export const volumesOf = remembered((subject): readonly Located[] =>
  podsOf(subject).flatMap((pod) => itemsOf(at(pod, 'volumes'))),
);

/** Its path is made only when a rule shows it: most of what rules look at is in order. */
class Below implements Located {
  readonly object: KubeObject;
  readonly value: unknown;
  readonly #above: Located;
  readonly #steps: Path;

  constructor(above: Located, steps: Path, value: unknown) {
    this.object = above.object;
    this.value = value;
    this.#above = above;
    this.#steps = steps;
  }

  get path(): Path {
    return [...this.#above.path, ...this.#steps];
  }
}

class Member extends Below {
  readonly name: string;

  constructor(above: Located, name: string, value: unknown) {
    super(above, [name], value);
    this.name = name;
  }
}

/** The member of a located value; its value is undefined where there is none. */
export function at(above: Located, ...below: Path): Located {
  return new Below(above, below, valueAt(above.value, below));
}

/** The items of a located list. */
export function itemsOf(list: Located): readonly Located[] {
  if (!Array.isArray(list.value)) return [];
  return list.value.map((item: unknown, index) => new Below(list, [index], item));
}

/** The members of a located object. */
export function membersOf(owner: Located): readonly (Located & { readonly name: string })[] {
  if (!isObject(owner.value)) return [];
  return Object.entries(owner.value).map(([name, one]) => new Member(owner, name, one));
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
