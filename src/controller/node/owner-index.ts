// Which watched objects belong to which node, by the label `novacula.com/node`.

import { LABEL } from '../../api/group.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { defined } from '../../lib/defined.ts';

export interface OwnerIndex {
  /** Objects of a node, which may be gone. */
  owned(nodeKey: string): readonly KubeObject[];
  /** Keys of all nodes that have objects. */
  owners(): Iterable<string>;
  /** Takes over a change of one object; returns the nodes that it belongs or belonged to. */
  move(change: ObjectChange): ReadonlySet<string>;
}

interface ObjectChange {
  readonly id: string;
  readonly old: KubeObject | undefined;
  readonly now: KubeObject | undefined;
}

export function createOwnerIndex(): OwnerIndex {
  const index = new Map<string, Map<string, KubeObject>>();

  function remove(nodeKey: string, id: string): void {
    const members = index.get(nodeKey);
    members?.delete(id);
    if (members?.size === 0) index.delete(nodeKey);
  }

  function put(nodeKey: string, id: string, object: KubeObject): void {
    const members = index.get(nodeKey) ?? new Map<string, KubeObject>();
    members.set(id, object);
    index.set(nodeKey, members);
  }

  return {
    owned: (nodeKey) => [...(index.get(nodeKey)?.values() ?? [])],
    owners: () => index.keys(),
    move({ id, old, now }) {
      const [before, after] = [ownerKey(old), ownerKey(now)];
      if (before !== undefined && before !== after) remove(before, id);
      if (after !== undefined && now !== undefined) put(after, id, now);
      return new Set([before, after].filter((key) => key !== undefined));
    },
  };
}

function ownerKey(object: KubeObject | undefined): string | undefined {
  const name = object?.metadata.labels?.[LABEL.node];
  if (object === undefined || name === undefined) return undefined;
  return keyOf({ metadata: defined({ name, namespace: object.metadata.namespace }) });
}
