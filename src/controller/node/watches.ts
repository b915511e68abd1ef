// What the cluster holds, kept up to date by watches: BlockchainNodes, and the objects that belong to each.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Cluster, Informer } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { listedOrRefused } from '../engine/listed.ts';

/** The kinds of objects that a node is made of, as the world watches them. */
const PARTS = [
  'StatefulSet',
  'Service',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'Pod',
  'PodDisruptionBudget',
] as const satisfies readonly (keyof typeof KINDS)[];

export type PartKind = (typeof PARTS)[number];

export interface World {
  readonly nodes: Informer<BlockchainNode>;
  /** The watched objects that carry a node's label, by kind. */
  parts(nodeKey: string, kind: PartKind): readonly KubeObject[];
  /** Keys of all nodes that watched objects belong to; a node itself may be gone. */
  owners(): Iterable<string>;
  /** Resolves when every list is complete, except those of parts that we may not see. Rejects when the signal aborts. */
  synced(): Promise<void>;
  /** Kinds of parts whose list is not complete: what is not seen is not acted on. */
  blind(): readonly PartKind[];
  readonly isSynced: boolean;
  /** Kinds that can't be watched, and why. */
  troubles(): readonly { readonly kind: string; readonly error: Error }[];
}

export interface WorldOptions {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly onNode: (change: {
    readonly key: string;
    readonly old: BlockchainNode | undefined;
    readonly now: BlockchainNode | undefined;
  }) => void;
  /** Something that belongs to a node changed. */
  readonly onPart: (nodeKey: string, kind: PartKind) => void;
}

/** Starts watching. Objects of a node are found by the label `novacula.com/node` in the node's namespace. */
export function createWorld(options: WorldOptions): World {
  const { cluster, signal } = options;
  const index = new Map<string, Map<string, KubeObject>>();
  const nodes = cluster.inform<BlockchainNode>(KINDS.BlockchainNode, {
    signal,
    onChange: options.onNode,
  });
  const parts = PARTS.map((kind) => ({
    kind,
    informer: cluster.inform(KINDS[kind], {
      signal,
      labelSelector: LABEL.node,
      onChange: ({ key, old, now }) => {
        for (const nodeKey of reindex(index, { id: `${kind} ${key}`, old, now })) options.onPart(nodeKey, kind);
      },
    }),
  }));
  const informers = [{ kind: 'BlockchainNode', informer: nodes }, ...parts];
  return {
    nodes,
    parts: (nodeKey, kind) => [...(index.get(nodeKey)?.values() ?? [])].filter((object) => object.kind === kind),
    owners: () => index.keys(),
    synced: async () =>
      void (await Promise.all([nodes.synced(), ...parts.map(({ informer }) => listedOrRefused(informer, signal))])),
    blind: () => parts.flatMap(({ kind, informer }) => (informer.isSynced ? [] : [kind])),
    get isSynced() {
      return informers.every(({ informer }) => informer.isSynced);
    },
    troubles: () =>
      informers.flatMap(({ kind, informer }) =>
        informer.trouble === undefined ? [] : [{ kind, error: informer.trouble }],
      ),
  };
}

interface Move {
  readonly id: string;
  readonly old: KubeObject | undefined;
  readonly now: KubeObject | undefined;
}

/** Moves an object in the index; returns the nodes it belongs or belonged to. */
function reindex(index: Map<string, Map<string, KubeObject>>, { id, old, now }: Move): ReadonlySet<string> {
  const touched = new Set<string>();
  const before = ownerKey(old);
  const after = ownerKey(now);
  if (before !== undefined && before !== after) {
    const members = index.get(before);
    members?.delete(id);
    if (members?.size === 0) index.delete(before);
    touched.add(before);
  }
  if (after !== undefined && now !== undefined) {
    const members = index.get(after) ?? new Map<string, KubeObject>();
    members.set(id, now);
    index.set(after, members);
    touched.add(after);
  } else if (before !== undefined) {
    index.get(before)?.delete(id);
  }
  return touched;
}

function ownerKey(object: KubeObject | undefined): string | undefined {
  const name = object?.metadata.labels?.[LABEL.node];
  return name === undefined || object === undefined
    ? undefined
    : keyOf({
        metadata: {
          name,
          ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
        },
      });
}
