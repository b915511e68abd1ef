// Before a PVC is said to be lost the API server is asked, and one that may not be looked at is not lost.

import { expect, it } from 'vitest';

import type { BlockchainNode, NodeStatus } from '../../src/api/blockchain-node.ts';
import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { findPvcs } from '../../src/controller/node/volumes/find-pvcs.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { aNode } from '../support/plan-scene.ts';

const PVC: KubeObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-a-0', namespace: 'ns', uid: 'u1' },
  spec: { resources: { requests: { storage: '1Gi' } } },
  status: { phase: 'Bound', capacity: { storage: '1Gi' } },
};
const had: NodeStatus = {
  volumes: [{ name: 'data', claim: 'data-a-0', uid: 'u1', phase: 'Bound', capacity: '1Gi', requested: '1Gi' }],
};
const lost: NodeStatus = { lostVolumes: [{ name: 'data', uid: 'u0', at: '2026-01-01T00:00:00Z' }] };

async function look(
  status: NodeStatus | undefined,
  { watched = [], answer }: { readonly watched?: readonly KubeObject[]; readonly answer?: KubeObject | Error },
) {
  const asked: string[] = [];
  const node: BlockchainNode = { ...aNode('a'), ...(status === undefined ? {} : { status }) };
  const get = async ({ name }: Ref) => {
    asked.push(name);
    return answer instanceof Error ? await Promise.reject(answer) : await Promise.resolve(answer);
  };
  const found = await findPvcs(node, { cluster: { get }, watches: { owned: () => watched } } as never);
  return { asked, found };
}

it('asks nothing while the watch shows the PVC, or none was ever known', async () => {
  expect(await look(had, { watched: [PVC] })).toEqual({ asked: [], found: [PVC] });
  expect(await look(undefined, {})).toEqual({ asked: [], found: [] });
});

it.each([
  { because: 'lost its label', status: had, answer: PVC, found: [PVC] },
  { because: 'is gone', status: had, answer: undefined, found: [] },
  { because: 'was lost and is back without its label', status: lost, answer: PVC, found: [PVC] },
  { because: 'may not be looked at', status: had, answer: new KubeError('FORBIDDEN', 'no'), found: [PVC] },
  { because: 'was lost and may not be looked at', status: lost, answer: new KubeError('FORBIDDEN', 'no'), found: [] },
])('asks for a PVC that $because', async ({ status, answer, found }) => {
  expect(await look(status, answer === undefined ? {} : { answer })).toEqual({ asked: ['data-a-0'], found });
});

it('rejects when the API server does not answer, so that the status stays', async () => {
  await expect(look(had, { answer: new KubeError('TIMEOUT', 'late') })).rejects.toThrow('late');
});
