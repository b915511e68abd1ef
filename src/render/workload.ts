// The pod and the volumes that a node would have, for plans: computed from the rendered StatefulSet.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { NodeWorkload } from '../api/node-workload.ts';
import { findChain } from '../chains/index.ts';
import { digestOf } from '../lib/hash.ts';
import { valueAt } from '../lib/json-value.ts';
import { pvcNames, namesOf } from './names.ts';
import { renderNode } from './render-node.ts';

/** Undefined for a node that cannot be rendered: a live object may be older than this version's checks. */
export function workloadOf(node: BlockchainNode): NodeWorkload | undefined {
  const chain = findChain(node.spec.chain);
  if (chain === undefined) return undefined;
  const running = node.spec.desiredState === 'Running';
  let template: unknown;
  try {
    const { objects } = renderNode(node, chain, { running });
    template = valueAt(
      objects.find(({ kind }) => kind === 'StatefulSet'),
      ['spec', 'template'],
    );
  } catch {
    return undefined;
  }
  return {
    pod: namesOf(node).pod,
    running,
    podDigest: digestOf(template),
    graceSeconds: Number(valueAt(template, ['spec', 'terminationGracePeriodSeconds']) ?? 30),
    volumes: pvcNames(node).map(({ volume, pvc }) => ({
      name: volume,
      pvc,
      size: node.spec.storage[volume]?.size ?? '',
    })),
  };
}
