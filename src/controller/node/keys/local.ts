// Who may sign with a key within this cluster.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { createSerial } from '../../../lib/serial.ts';
import type { MovedKeys } from '../../../plan/moved-keys.ts';
import type { Identities } from './identities.ts';
import { hasEnded, isNamedAfter } from '../living-pods.ts';
import type { KeyLedger } from './ledger.ts';
import { inUse, missing, type Refusal, replaced, signedSince, strayInUse, unclear } from './refusal.ts';
import { createReachedKeys } from './reached.ts';
import { isKeyDigest, namespaceOf, readSigningSecret } from './signing-secrets.ts';
import { straySigner } from './stray-signers.ts';
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
  /** Of the Secrets, as they were read. */
  readonly versions: string;
  /** Digests of the keys in them. */
  readonly keys: readonly string[];
}

export interface LocalKeys {
  /** By the key of the node. */
  readonly granted: Map<string, Granted>;
  /** Nodes whose keys need an approval. */
  readonly moved: Map<string, MovedKeys>;
  /** Costs nothing while the node has the reservation for the same Secrets, and these are not edited. */
  reserve(node: BlockchainNode, secrets: readonly string[]): Promise<Grant | Refusal>;
}

interface LocalKeysDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list'>;
  readonly keyLedger: Pick<KeyLedger, 'reserved'>;
  readonly watches: Pick<Watches, 'nodes' | 'owned' | 'owners' | 'secretVersion'>;
  readonly identities: Pick<Identities, 'signedElsewhere' | 'replacedKey'>;
}

/**
 * Only one process of an executor works (lease), so its reservations are all there are. Pods of an earlier process count
 * as well: the Secrets that pods and StatefulSets of other nodes reach are treated like reservations.
 */
export function createLocalKeys(deps: LocalKeysDeps): LocalKeys {
  const granted = new Map<string, Granted>();
  const moved = new Map<string, MovedKeys>();
  const reached = createReachedKeys(deps);
  /** Reading the other keys and reserving one must not overlap with another reservation. */
  const oneByOne = createSerial();

  async function reserveAlone(node: BlockchainNode, secrets: readonly string[]): Promise<Grant | Refusal> {
    const nodeKey = keyOf(node);
    const before = granted.get(nodeKey)?.keys ?? [];
    granted.delete(nodeKey);
    // Before the content is read: a change in between is found the next time.
    const versions = versionsOf(node, secrets, deps);
    const keys = await keysOf(node, secrets, deps.cluster);
    if ('ok' in keys) return keys;
    const known = keys.filter(isKeyDigest);
    const replaces = deps.identities.replacedKey(nodeKey, known);
    if (replaces !== undefined) return refuse(nodeKey, { signer: '', keys: known, replaces });
    const other = keys.length === 0 ? undefined : await otherSigner(nodeKey, keys, { granted, reached });
    if (other !== undefined) return inUse(other, deps.watches.nodes.get(other));
    const stopped = (await strayOf(node, keys, deps)) ?? movedSince(nodeKey, known);
    if (stopped !== undefined) return stopped;
    granted.set(nodeKey, { secrets, versions, keys });
    return { ok: true, keys, isChanged: before.some((key) => !keys.includes(key)) };
  }

  /**
   * What needs an approval stays so until it is known that it does not: a plan that is made while a Secret is read would
   * otherwise lack the action to approve, and nothing would ask for another plan.
   */
  async function reserveAgain(node: BlockchainNode, secrets: readonly string[]): Promise<Grant | Refusal> {
    const answer = await reserveAlone(node, secrets);
    if (answer.ok || answer.reason !== 'SignerState') moved.delete(keyOf(node));
    return answer;
  }

  /** While the node has a pod its keys are not given back: what the branch says of others then was written by hand. */
  function movedSince(nodeKey: string, keys: readonly string[]): Refusal | undefined {
    const known = keys.filter(isKeyDigest);
    const hasPod = podsOf(nodeKey, deps).length > 0;
    const signer = hasPod ? undefined : deps.identities.signedElsewhere(nodeKey, known);
    return signer === undefined ? undefined : refuse(nodeKey, { signer, keys: known });
  }

  function refuse(nodeKey: string, one: MovedKeys): Refusal {
    granted.delete(nodeKey);
    moved.set(nodeKey, one);
    return one.replaces === undefined ? signedSince(one) : replaced(one);
  }

  return {
    granted,
    moved,
    async reserve(node, secrets) {
      const standing = granted.get(keyOf(node));
      const isSame =
        standing?.secrets.join() === secrets.join() && standing.versions === versionsOf(node, secrets, deps);
      if (standing === undefined || !isSame) return await oneByOne(async () => await reserveAgain(node, secrets));
      // While it waited, another executor may have signed.
      return movedSince(keyOf(node), standing.keys) ?? { ok: true, keys: standing.keys, isChanged: false };
    },
  };
}

/** That is not being deleted. A label alone can be put on any pod. */
function podsOf(nodeKey: string, { watches }: Pick<LocalKeysDeps, 'watches'>): readonly KubeObject[] {
  const name = nodeKey.slice(namespaceOf(nodeKey).length + 1);
  const pods = watches.owned(nodeKey, 'Pod').filter((pod) => isNamedAfter(pod, name));
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Only where a pod would start: for a thousand nodes that run already a list of all pods would say nothing new. */
async function strayOf(
  node: BlockchainNode,
  keys: readonly string[],
  deps: LocalKeysDeps,
): Promise<Refusal | undefined> {
  const runs = podsOf(keyOf(node), deps).some((pod) => !hasEnded(pod));
  const stray = keys.length === 0 || runs ? undefined : await straySigner(node, keys, deps);
  return stray === undefined ? undefined : strayInUse(stray);
}

/** Another node that has one of the keys reserved, or may sign with it. */
async function otherSigner(
  nodeKey: string,
  keys: readonly string[],
  { granted, reached }: Pick<LocalKeys, 'granted'> & { readonly reached: ReturnType<typeof createReachedKeys> },
): Promise<string | undefined> {
  const reserved = [...granted].find(([node, its]) => node !== nodeKey && share(its.keys, keys));
  return reserved?.[0] ?? (await reached.exceptOf(nodeKey)).find((one) => share(one.keys, keys))?.node;
}

function share(some: readonly string[], others: readonly string[]): boolean {
  return some.some((key) => others.includes(key));
}

/** As they are watched; of those that are not, nothing. */
function versionsOf(
  { metadata }: BlockchainNode,
  secrets: readonly string[],
  { watches }: Pick<LocalKeysDeps, 'watches'>,
): string {
  return secrets.map((name) => watches.secretVersion(`${metadata.namespace ?? ''}/${name}`) ?? '').join();
}

/** The nodes by the digests of their keys; those of other content stay in the cluster. */
export function wantedBy(granted: ReadonlyMap<string, Granted>): ReadonlyMap<string, string> {
  return new Map(
    [...granted].flatMap(([node, { keys }]) => keys.filter(isKeyDigest).map((key): [string, string] => [key, node])),
  );
}

/**
 * The keys, or what is wrong with a Secret. Of a Secret that is no identity only known keys count: others may
 * have the same content for good reasons.
 */
async function keysOf(
  node: BlockchainNode,
  secrets: readonly string[],
  cluster: Pick<Cluster, 'get'>,
): Promise<readonly string[] | Refusal> {
  const { namespace = '' } = node.metadata;
  const keys = new Set<string>();
  for (const name of secrets) {
    const found = await readSigningSecret(cluster, namespace, name);
    if (found === undefined) return missing(name);
    if (found.unclear.length > 0) return unclear(name, found.unclear);
    for (const key of found.keys) if (isKeyDigest(key) || name === node.spec.identity?.secretName) keys.add(key);
  }
  return [...keys];
}
