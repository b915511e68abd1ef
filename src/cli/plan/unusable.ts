// Whether a node may use the Secrets and ConfigMaps that it names, by the check of the controller.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import { findChain } from '../../chains/index.ts';
import { createOptIns } from '../../controller/node/opt-in.ts';
import { generatedSecretRefs } from '../../render/generated-secrets.ts';
import { renderNode } from '../../render/render-node.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { isKubeError } from '../../kube/kube-error.ts';

export interface Uses {
  /** By `namespace/name` of the node: the first object that is not there or not labelled, and what to do, in words. */
  readonly unusable: ReadonlyMap<string, string>;
  /** Nodes of which it is not known, because what they use may not be read. */
  readonly unread: ReadonlySet<string>;
  /** `runs`: the node as its pod runs now; what that uses does not stop it. Of a Secret nothing but its labels is used. */
  note(node: BlockchainNode, runs: BlockchainNode | undefined, cluster: Pick<Cluster, 'get'>): Promise<void>;
}

export function createUses(): Uses {
  const unusable = new Map<string, string>();
  const unread = new Set<string>();
  return {
    unusable,
    unread,
    async note(node, runs, cluster) {
      try {
        const why = await whyUnusable(node, cluster);
        const isOld = runs !== undefined && why !== undefined && (await whyUnusable(runs, cluster)) === why;
        if (why !== undefined && !isOld) unusable.set(keyOf(node), why);
      } catch (error) {
        if (!isKubeError(error, 'FORBIDDEN')) throw error;
        unread.add(keyOf(node));
      }
    },
  };
}

async function whyUnusable(node: BlockchainNode, cluster: Pick<Cluster, 'get'>): Promise<string | undefined> {
  const chain = findChain(node.spec.chain);
  if (chain === undefined) return undefined;
  const madeSecrets = generatedSecretRefs(node, chain.workload(node)).map(({ ref }) => ref.name);
  const rendered = { ...renderNode(node, chain, { running: true }), madeSecrets };
  return (await createOptIns(cluster).check(node, rendered))?.message;
}
