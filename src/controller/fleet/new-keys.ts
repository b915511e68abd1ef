// Which keys nodes would newly sign with: the plan holds a key that another node has, or had.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { findChain } from '../../chains/index.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { hasCode } from '../../lib/errors.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Identities } from '../node/keys/identities.ts';
import { createPauses } from '../engine/run-yielding.ts';
import { isKeyDigest, readKeys, secretsOfNode } from '../node/keys/signing-secrets.ts';
import type { FleetDeps } from './deps.ts';
import type { Pulled } from './state.ts';

interface ReadDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly identities: Pick<Identities, 'effective'>;
}

interface KeyDeps extends ReadDeps {
  readonly settings: Pick<FleetDeps['settings'], 'executor'>;
  readonly watches: { readonly nodes: Pick<FleetDeps['watches']['nodes'], 'get'> };
}

/** Reads the Secrets of nodes that change, as far as these did not have them before. */
export async function findNewKeys(
  { desired }: Pick<Pulled, 'desired'>,
  deps: KeyDeps,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const pause = createPauses();
  for (const [key, { node }] of desired.nodes) {
    if (node.spec.executor !== deps.settings.executor) continue;
    const keys = await newKeysOf(node, deps.watches.nodes.get(key), deps);
    if (keys.length > 0) found.set(key, keys);
    await pause();
  }
  return found;
}

/** `live`: the node in the cluster. */
export async function newKeysOf(
  node: BlockchainNode,
  live: BlockchainNode | undefined,
  { cluster, identities }: ReadDeps,
): Promise<readonly string[]> {
  if (live !== undefined && sameJson(live.spec, node.spec)) return [];
  const before = new Set(live === undefined ? [] : secretsNamedBy(identities.effective(live)));
  const keys: string[] = [];
  for (const name of secretsNamedBy(node))
    if (!before.has(name)) keys.push(...(await readAllowed(cluster, node.metadata.namespace ?? '', name)));
  return [...new Set(keys.filter(isKeyDigest))];
}

/** Those that its pod reaches. */
export function secretsNamedBy(node: BlockchainNode): readonly string[] {
  const chain = findChain(node.spec.chain);
  return chain === undefined ? [] : secretsOfNode(node, chain);
}

/** One that may not be read starts no pod either: the node reports that. */
async function readAllowed(cluster: ReadDeps['cluster'], namespace: string, name: string): Promise<readonly string[]> {
  try {
    return (await readKeys(cluster, namespace, name)) ?? [];
  } catch (error) {
    if (hasCode(error, 'FORBIDDEN')) return [];
    throw error;
  }
}
