// The shapes that the story reads from kubectl's JSON.

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';

export interface KubeList<T> {
  readonly items: readonly T[];
}

export interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly { readonly command?: readonly string[]; readonly args?: readonly string[] }[];
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

export interface Cluster {
  get<T>(kind: string, name: string): Promise<T>;
  list<T>(kind: string, selector: string): Promise<KubeList<T>>;
}

/** The BlockchainNode as the cluster has it now. */
export async function nodeOf(cluster: Cluster, name: string): Promise<BlockchainNode> {
  return await cluster.get<BlockchainNode>('blockchainnode', name);
}

/** The node when it is running and synced, else an error that says what it is instead. */
export function synced(node: BlockchainNode): BlockchainNode {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status === 'True' && isSynced(node)) return node;
  throw new Error(
    `${node.metadata.name}: ${ready?.message ?? node.status?.phase ?? 'the controller has not reported on it yet'}`,
  );
}

function isSynced({ status }: BlockchainNode): boolean {
  return status?.phase === 'Running' && status.synced === true;
}
