// Labels and metadata of a node's objects.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { LABEL } from '../api/group.ts';
import type { ObjectMeta, OwnerReference } from '../api/objects.ts';

/** What picks the node's pod. Part of an immutable field: must never change. */
export function selectorLabels(node: Pick<BlockchainNode, 'metadata'>): Readonly<Record<string, string>> {
  return { [LABEL.node]: node.metadata.name, [LABEL.component]: 'node' };
}

/** What every object of the node carries. */
export function nodeLabels(node: Pick<BlockchainNode, 'metadata' | 'spec'>): Readonly<Record<string, string>> {
  return {
    ...selectorLabels(node),
    [LABEL.name]: node.spec.chain,
    [LABEL.managedBy]: 'nodewright',
    [LABEL.chain]: node.spec.chain,
    [LABEL.network]: node.spec.network,
  };
}

/** Metadata of an object of the node: it goes when the BlockchainNode goes. */
export function metadataOf(node: BlockchainNode, name: string): ObjectMeta {
  const { namespace } = node.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: nodeLabels(node),
    ...ownedBy(node),
  };
}

/** Without a uid (a plan before the node exists) there is nothing to refer to. */
function ownedBy(node: BlockchainNode): { readonly ownerReferences?: readonly OwnerReference[] } {
  const { name, uid } = node.metadata;
  if (uid === undefined) return {};
  const { apiVersion, kind } = node;
  return { ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }] };
}
