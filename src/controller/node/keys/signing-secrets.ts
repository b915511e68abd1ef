// Which keys the pods of a node can sign with: those in every Secret that they reach, under any name.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { Chain } from '../../../chains/chain.ts';
import { signingKeysIn, unclearKeyFilesIn } from '../../../chains/index.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { digestOf } from '../../../lib/hash.ts';
import { isObject, valueAt } from '../../../lib/json-value.ts';
import { referencedNames } from '../../../policy/references.ts';
import { generatedSecretRefs } from '../../../render/generated-secrets.ts';
import { renderNode } from '../../../render/render-node.ts';
import type { Watches } from '../watches.ts';

/**
 * Digests of the signing keys in a Secret; of one without a known key a digest of all of it, which must not leave the
 * process. Undefined when there is no such Secret.
 */
export async function readKeys(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  name: string,
): Promise<readonly string[] | undefined> {
  return (await readSigningSecret(cluster, namespace, name))?.keys;
}

export interface SigningSecret {
  /** As of `readKeys`. Of an unclear file all keys that it names. */
  readonly keys: readonly string[];
  /** Names of files of which it is not known which key a client takes. */
  readonly unclear: readonly string[];
}

export async function readSigningSecret(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  name: string,
): Promise<SigningSecret | undefined> {
  const live = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
  if (live === undefined) return undefined;
  const files = textsOf(live['data'], 'utf8');
  const known = signingKeysIn(files);
  // As Latin-1 each byte counts.
  const keys = known.length > 0 ? known : [`${WHOLE} ${digestOf(textsOf(live['data'], 'latin1'))}`];
  return { keys, unclear: unclearKeyFilesIn(files) };
}

const WHOLE = 'content';

/** Whether it is the digest of a key, which may be published. */
export function isKeyDigest(digest: string): boolean {
  return !digest.startsWith(`${WHOLE} `);
}

/** A Secret's data, decoded. */
function textsOf(data: unknown, encoding: 'utf8' | 'latin1'): Readonly<Record<string, string>> {
  if (!isObject(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString(encoding)]),
  );
}

/** The Secrets that a pod of the node reaches, or that a pod would reach which its StatefulSet may still create. */
export function reachableSecrets(nodeKey: string, watches: Pick<Watches, 'owned'>): readonly string[] {
  const own = new Set(watches.owned(nodeKey, 'Secret').map(({ metadata }) => metadata.name));
  const names = secretsOf([...watches.owned(nodeKey, 'StatefulSet'), ...watches.owned(nodeKey, 'Pod')]);
  return names.filter((name) => !own.has(name));
}

/** All that the final pod of a node reaches, but what the controller makes for it; also an identity that it does not mount. */
export function secretsOfNode(node: BlockchainNode, chain: Chain): readonly string[] {
  const identity = node.spec.identity?.secretName;
  const { objects } = renderNode(node, chain, { running: true });
  const names = new Set([...referencedNames('Secret', { objects }), ...(identity === undefined ? [] : [identity])]);
  for (const { ref } of generatedSecretRefs(node, chain.workload(node))) names.delete(ref.name);
  return [...names].sort();
}

/** The same for objects of any kind; those without a pod reach none. */
export function secretsOf(objects: readonly KubeObject[]): readonly string[] {
  const pods = objects.filter((object) => object.kind === 'Pod').map(asTemplate);
  const others = objects.filter((object) => object.kind !== 'Pod' && !isQuiet(object));
  return referencedNames('Secret', { objects: [...others, ...pods] });
}

function asTemplate(pod: KubeObject): KubeObject {
  return { ...pod, spec: { template: { spec: pod['spec'] } } };
}

/** It has no replicas, and the StatefulSet controller has observed that: it creates no pod any more. */
function isQuiet(object: KubeObject): boolean {
  if (object.kind !== 'StatefulSet') return false;
  const observed = valueAt(object, ['status', 'observedGeneration']);
  return (
    valueAt(object, ['spec', 'replicas']) === 0 &&
    (valueAt(object, ['status', 'replicas']) ?? 0) === 0 &&
    typeof observed === 'number' &&
    observed >= (object.metadata.generation ?? 0)
  );
}

/** Of a node's key, `namespace/name`. */
export function namespaceOf(nodeKey: string): string {
  return nodeKey.slice(0, nodeKey.indexOf('/'));
}
