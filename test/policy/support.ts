// Nodes and policies for tests of rules.

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { PolicySpec } from '../../src/api/policy.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { clientImages } from '../../src/chains/images.ts';
import { findChain } from '../../src/chains/index.ts';
import { applyPatch, type PatchOperation } from '../../src/lib/json-patch.ts';
import { createPolicy, type Policy } from '../../src/policy/policy.ts';
import { judgeNode, type Verdict } from '../../src/policy/judge-node.ts';
import { generatedSecretRefs } from '../../src/render/generated-secrets.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { nodeWith } from '../chains/examples.ts';

export const NAMESPACE = 'novacula-system';

export function policyOf(spec: PolicySpec = {}): Policy {
  const workerImage = 'registry.example/nodewright';
  return createPolicy(spec, { namespace: NAMESPACE, clientImages, workerImage, reservedSecrets: ['nodewright-git'] });
}

export interface Judging {
  readonly node?: BlockchainNode;
  /** Applied to the rendered object of this kind, regardless of the list of patch paths. */
  readonly patch?: readonly PatchOperation[];
  readonly kind?: KubeObject['kind'];
  readonly policy?: PolicySpec;
  readonly file?: string;
}

const BASE = 'ethereum-geth-lighthouse';

export function aNode(fields: Record<string, unknown> = {}): BlockchainNode {
  return nodeWith(BASE, fields);
}

/** Renders a node, changes one of its objects, and judges the result. */
export function judge({ node = aNode(), patch = [], kind = 'StatefulSet', policy = {}, file }: Judging): Verdict {
  const chain = findChain(node.spec.chain);
  if (chain === undefined) throw new Error(`no chain ${node.spec.chain}`);
  const { objects } = renderNode(node, chain, { running: true });
  const changed = objects.map((object) => (object.kind === kind ? patched(object, patch) : object));
  const madeSecrets = generatedSecretRefs(node, chain.workload(node)).map(({ ref }) => ref.name);
  return judgeNode({
    node,
    objects: changed,
    madeSecrets,
    allowed: policyOf(policy).allowedFor(file === undefined ? undefined : [file]),
  });
}

function patched(object: KubeObject, patch: readonly PatchOperation[]): KubeObject {
  const result = applyPatch(object, patch);
  if (!result.ok) throw new Error(result.message);
  return result.value as KubeObject;
}
