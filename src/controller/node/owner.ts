// Which nodes this controller manages.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { Watches } from './watches.ts';

/** A node with our label comes from Git; without a label, `spec.executor` of a node that was created by hand decides. */
export function isOwnedBy(node: BlockchainNode, executor: string): boolean {
  const label = node.metadata.labels?.[LABEL.executor];
  return label === undefined ? node.spec.executor === executor : label === executor;
}

/** The node with that key, unless it is absent, being deleted, or managed by another controller. */
export function findOwnNode(
  key: string,
  watches: Pick<Watches, 'nodes'>,
  executor: string,
): BlockchainNode | undefined {
  const node = watches.nodes.get(key);
  if (node === undefined || node.metadata.deletionTimestamp !== undefined) return undefined;
  return isOwnedBy(node, executor) ? node : undefined;
}
