// A deletion with the volumes that was begun and did not happen: the node lives on, and a later deletion keeps its volumes.

import { expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { OwnerReference } from '../../src/api/objects.ts';
import { handOverVolumes, takeBackVolumes } from '../../src/controller/fleet/hand-over-volumes.ts';

const node = {
  apiVersion: 'validatoros.com/v1alpha1',
  kind: 'BlockchainNode',
  metadata: { name: 'a', namespace: 'prod', uid: 'node-1' },
  spec: { chain: 'ethereum', clients: {}, storage: { data: { size: '1Gi' } } },
} as unknown as BlockchainNode;
const other: OwnerReference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' };

function world(owners: readonly OwnerReference[]) {
  const pvc = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-a-0', namespace: 'prod', uid: 'pvc-1', ownerReferences: owners },
  };
  const patches: unknown[] = [];
  const deps = {
    cluster: {
      get: () => Promise.resolve(pvc),
      patch: (_ref: unknown, operations: unknown) => Promise.resolve(void patches.push(operations)),
    },
    watches: { owned: () => [pvc] },
    runtime: { log: { info: () => undefined } },
  };
  return { deps: deps as never, patches };
}

async function handedOver(): Promise<OwnerReference> {
  const { deps, patches } = world([]);
  await handOverVolumes(node, deps);
  const [[, { value: [owner] = [] } = {}] = []] = patches as { readonly value?: readonly OwnerReference[] }[][];
  if (owner === undefined) throw new Error('nothing was handed over');
  return owner;
}

it('takes the node off as the owner of its volumes, and leaves other owners', async () => {
  const { deps, patches } = world([other, await handedOver()]);
  await takeBackVolumes(node, deps);
  expect(patches).toEqual([
    [
      { op: 'test', path: '/metadata/uid', value: 'pvc-1' },
      { op: 'add', path: '/metadata/ownerReferences', value: [other] },
    ],
  ]);
});

it('sends nothing for volumes that the node does not own', async () => {
  const { deps, patches } = world([other]);
  await takeBackVolumes(node, deps);
  expect(patches).toEqual([]);
});
