// The name of a Secret that the controller makes for a node.

import type { BlockchainNode } from '../api/blockchain-node.ts';

/** `<node>-<suffix>`, in the node's namespace. */
export function secretName(node: Pick<BlockchainNode, 'metadata'>, suffix: string): string {
  return `${node.metadata.name}-${suffix}`;
}
