// Nodes whose objects others deleted: they are created again from Git, and that is said of them.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../api/objects.ts';
import type { Events } from '../../kube/events.ts';
import type { Runtime } from '../engine/runtime.ts';

/** Lost at a restart: what was deleted before it is created again without a word. */
export interface DeletedNodes {
  /** Before each plan is applied: the nodes that are there. */
  see(nodes: readonly BlockchainNode[], executor: string): void;
  /** Before the controller deletes a node. */
  deletes(uid: string): void;
  /** Whether a node that is missing was there, and was not deleted by the controller. */
  wasDeleted(nodeKey: string): boolean;
}

export function createDeletedNodes(): DeletedNodes {
  const seen = new Map<string, string>();
  const own = new Set<string>();
  return {
    see(nodes, executor) {
      for (const node of nodes)
        if (node.metadata.labels?.[LABEL.executor] === executor) seen.set(keyOf(node), node.metadata.uid ?? '');
    },
    deletes: (uid) => void own.add(uid),
    wasDeleted(nodeKey) {
      const uid = seen.get(nodeKey);
      return uid !== undefined && !own.has(uid);
    },
  };
}

/** `live` is the node that took the place of the deleted one. */
export function announceDeletedNode(
  live: KubeObject,
  { runtime, events }: { readonly runtime: Runtime; readonly events: Pick<Events, 'emit'> },
): void {
  const object = describeRef(refOf(live));
  runtime.log.warn({ object }, 'Created deleted node again');
  const message = `${object} was deleted, not by the controller. It is created again from its file, and its volumes stay.`;
  events.emit({ about: live, type: 'Warning', reason: 'ObjectDeleted', message });
}
