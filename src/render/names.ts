// The names of everything that belongs to a node.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { SERVICE_SUFFIX } from '../api/group.ts';

export interface NodeNames {
  readonly configMap: string;
  readonly statefulSet: string;
  /** Headless: one DNS name for the pod, all ports, also while it starts. */
  readonly headlessService: string;
  /** ClusterIP for RPC: only while the node answers. */
  readonly rpcService: string;
  /** Of spec.serviceType, for peers. */
  readonly p2pService: string;
  readonly podDisruptionBudget: string;
  readonly pod: string;
}

/** Names by purpose. A node's name has at most 52 characters, so all fit into 63. */
export function namesOf(node: Pick<BlockchainNode, 'metadata'>): NodeNames {
  const { name } = node.metadata;
  return {
    configMap: name,
    statefulSet: name,
    headlessService: name,
    rpcService: `${name}-${SERVICE_SUFFIX.rpc}`,
    p2pService: `${name}-${SERVICE_SUFFIX.p2p}`,
    podDisruptionBudget: name,
    pod: `${name}-0`,
  };
}

/** The PVC behind a volume of spec.storage: the StatefulSet controller names it `<volume>-<pod>`. */
export function pvcName(node: Pick<BlockchainNode, 'metadata'>, volume: string): string {
  return `${volume}-${namesOf(node).pod}`;
}

/** All PVCs of a node, in the order of spec.storage. */
export function pvcNames(
  node: Pick<BlockchainNode, 'metadata' | 'spec'>,
): readonly { readonly volume: string; readonly pvc: string }[] {
  return Object.keys(node.spec.storage).map((volume) => ({ volume, pvc: pvcName(node, volume) }));
}
