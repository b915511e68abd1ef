// Pods that can sign with a key and that the watches do not show as pods of a node: every pod of a namespace, by the Secrets that it reaches.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { hasEnded, isNamedAfter, isOwnPodOfLabel, nodesOfPod, remedyFor } from '../living-pods.ts';
import type { KeyLedger } from './ledger.ts';
import { namespaceOf, readKeys, secretsOf } from './signing-secrets.ts';

/** A pod that has a node's label counts until it is gone, another one until it has ended. */
export async function podsThatMaySign(
  cluster: Pick<Cluster, 'list'>,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const listed = await cluster.list(KINDS.Pod, { namespace });
  return listed.filter((pod) => isOwnPodOfLabel(pod) || !hasEnded(pod)).map((pod) => ({ ...pod, kind: 'Pod' }));
}

export interface KeyCache {
  /** Whether it reaches one of the keys; with `missing too` also a Secret that is gone counts, which a pod that runs has mounted still. */
  reach(
    object: KubeObject,
    how: { readonly keys: readonly string[]; readonly counts: 'known' | 'missing too' },
  ): Promise<boolean>;
}

/** Reads each Secret once. */
export function createKeyCache(cluster: Pick<Cluster, 'get'>, namespace: string): KeyCache {
  const read = new Map<string, readonly string[] | undefined>();
  return {
    async reach(object, { keys, counts }) {
      for (const secret of secretsOf([object])) {
        if (!read.has(secret)) read.set(secret, await readKeys(cluster, namespace, secret));
        const found = read.get(secret);
        if (found === undefined ? counts === 'missing too' : found.some((key) => keys.includes(key))) return true;
      }
      return false;
    },
  };
}

export function describeStray(pod: KubeObject, node: string): string {
  const { name, namespace = '' } = pod.metadata;
  const remedy = isNamedAfter(pod, node) ? remedyFor(pod, node) : `end it (kubectl -n ${namespace} delete pod ${name})`;
  return `Pod ${namespace}/${name} can still sign with the key, and no node has it by its labels: ${remedy}`;
}

interface StraySignersDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list'>;
  readonly keyLedger: Pick<KeyLedger, 'reserved'>;
}

/**
 * A pod other than the node's own with one of the keys, in the namespace of the node and in those of the nodes that have the keys
 * reserved, in words. The pods that the watches show as those of other nodes are left to `reached.ts`.
 */
export async function straySigner(
  node: BlockchainNode,
  keys: readonly string[],
  { cluster, keyLedger }: StraySignersDeps,
): Promise<string | undefined> {
  const own = node.metadata.namespace ?? '';
  const holders = keyLedger.reserved().filter((one) => keys.includes(one.key) && one.node !== keyOf(node));
  for (const namespace of new Set([own, ...holders.map((holder) => namespaceOf(holder.node))])) {
    const pods = (await podsThatMaySign(cluster, namespace)).filter(
      (pod) => !isOwnPodOfLabel(pod) && (namespace !== own || !isNamedAfter(pod, node.metadata.name)),
    );
    const cache = createKeyCache(cluster, namespace);
    const former = new Set(holders.map((holder) => holder.node));
    for (const pod of pods) {
      const [nodeOfName = ''] = nodesOfPod({ ...pod, metadata: { ...pod.metadata, labels: {} } });
      const counts = former.has(nodeOfName) ? 'missing too' : 'known';
      if (await cache.reach(pod, { keys, counts })) return describeStray(pod, nodeOfName.slice(namespace.length + 1));
    }
  }
  return undefined;
}
