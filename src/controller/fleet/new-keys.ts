// Which keys nodes would newly sign with: the plan holds a key that another node has, or had.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import { findChain } from '../../chains/index.ts';
import { hasCode } from '../../lib/errors.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { isKeyDigest, readKeys, secretsOfNode } from '../node/keys/signing-secrets.ts';
import type { FleetDeps } from './deps.ts';
import type { Pulled } from './state.ts';

type KeyDeps = Pick<FleetDeps, 'cluster' | 'identities' | 'settings' | 'watches'>;

/** Reads the Secrets of nodes that change, as far as these did not have them before. */
export async function findNewKeys({ desired }: Pulled, deps: KeyDeps): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const [key, { node }] of desired.nodes) {
    if (node.spec.executor !== deps.settings.executor) continue;
    const keys = await newKeysOf(node, deps);
    if (keys.length > 0) found.set(key, keys);
  }
  return found;
}

async function newKeysOf(node: BlockchainNode, { cluster, identities, watches }: KeyDeps): Promise<readonly string[]> {
  const live = watches.nodes.get(keyOf(node));
  if (live !== undefined && sameJson(live.spec, node.spec)) return [];
  const before = new Set(live === undefined ? [] : secretsNamedBy(identities.effective(live)));
  const keys: string[] = [];
  for (const name of secretsNamedBy(node))
    if (!before.has(name)) keys.push(...(await readAllowed(cluster, node.metadata.namespace ?? '', name)));
  return [...new Set(keys.filter(isKeyDigest))];
}

function secretsNamedBy(node: BlockchainNode): readonly string[] {
  const chain = findChain(node.spec.chain);
  return chain === undefined ? [] : secretsOfNode(node, chain);
}

/** One that may not be read starts no pod either: the node reports that. */
async function readAllowed(cluster: KeyDeps['cluster'], namespace: string, name: string): Promise<readonly string[]> {
  try {
    return (await readKeys(cluster, namespace, name)) ?? [];
  } catch (error) {
    if (hasCode(error, 'FORBIDDEN')) return [];
    throw error;
  }
}
