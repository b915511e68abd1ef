// Who may sign with a key within this cluster.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { keyOf } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { createSerial } from '../../../lib/serial.ts';
import { inUse, missing, type Refusal } from './refusal.ts';
import { createReachedKeys } from './reached.ts';
import { isKeyDigest, readKeys } from './signing-secrets.ts';
import type { Watches } from '../watches.ts';

export interface Grant {
  readonly ok: true;
  /** Digests of the signing keys, once each. */
  readonly keys: readonly string[];
  /** The node had another key before, which others may wait for. */
  readonly isChanged: boolean;
}

export interface Granted {
  readonly secrets: readonly string[];
  /** Digests of the keys in them. */
  readonly keys: readonly string[];
}

export interface LocalKeys {
  /** By the key of the node. */
  readonly granted: Map<string, Granted>;
  /** Costs nothing while the node has the reservation for the same Secrets. */
  reserve(node: BlockchainNode, secrets: readonly string[]): Promise<Grant | Refusal>;
}

interface LocalKeysDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly watches: Pick<Watches, 'nodes' | 'owned' | 'owners'>;
}

/**
 * Only one process of an executor works (lease), so its reservations are all there are. Pods of an earlier process count
 * as well: the Secrets that pods and StatefulSets of other nodes reach are treated like reservations.
 */
export function createLocalKeys(deps: LocalKeysDeps): LocalKeys {
  const granted = new Map<string, Granted>();
  const reached = createReachedKeys(deps);
  /** Reading the other keys and reserving one must not overlap with another reservation. */
  const oneByOne = createSerial();

  /** Another node that has one of the keys reserved, or may sign with it. */
  async function otherSigner(nodeKey: string, keys: readonly string[]): Promise<string | undefined> {
    const holds = (its: readonly string[]): boolean => its.some((key) => keys.includes(key));
    const reserved = [...granted].find(([node, its]) => node !== nodeKey && holds(its.keys));
    return reserved?.[0] ?? (await reached.exceptOf(nodeKey)).find((one) => holds(one.keys))?.node;
  }

  async function reserveAlone(node: BlockchainNode, secrets: readonly string[]): Promise<Grant | Refusal> {
    const nodeKey = keyOf(node);
    const before = granted.get(nodeKey)?.keys ?? [];
    granted.delete(nodeKey);
    const keys = await keysOf(node, secrets, deps.cluster);
    if (typeof keys === 'string') return missing(keys);
    const other = keys.length === 0 ? undefined : await otherSigner(nodeKey, keys);
    if (other !== undefined) return inUse(other, deps.watches.nodes.get(other));
    granted.set(nodeKey, { secrets, keys });
    return { ok: true, keys, isChanged: before.some((key) => !keys.includes(key)) };
  }

  return {
    granted,
    async reserve(node, secrets) {
      const standing = granted.get(keyOf(node));
      if (standing?.secrets.join() === secrets.join()) return { ok: true, keys: standing.keys, isChanged: false };
      return await oneByOne(async () => await reserveAlone(node, secrets));
    },
  };
}

/** The nodes by the digests of their keys; those of other content stay in the cluster. */
export function wantedBy(granted: ReadonlyMap<string, Granted>): ReadonlyMap<string, string> {
  return new Map(
    [...granted].flatMap(([node, { keys }]) => keys.filter(isKeyDigest).map((key): [string, string] => [key, node])),
  );
}

/**
 * The keys, or the name of a Secret that does not exist. Of a Secret that is no identity only known keys count: others may
 * have the same content for good reasons.
 */
async function keysOf(
  node: BlockchainNode,
  secrets: readonly string[],
  cluster: Pick<Cluster, 'get'>,
): Promise<readonly string[] | string> {
  const { namespace = '' } = node.metadata;
  const keys = new Set<string>();
  for (const name of secrets) {
    const found = await readKeys(cluster, namespace, name);
    if (found === undefined) return name;
    for (const key of found) if (isKeyDigest(key) || name === node.spec.identity?.secretName) keys.add(key);
  }
  return [...keys];
}
