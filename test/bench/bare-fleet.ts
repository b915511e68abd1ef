// The yardstick of the whole fleet: its objects and statuses, written by a client that does nothing else, 32 nodes at a time.

import type { BlockchainNode, NodeStatus } from '../../src/api/blockchain-node.ts';
import { DEFAULT_NAMESPACE, FIELD_MANAGER } from '../../src/api/group.ts';
import { type KubeObject, refOf } from '../../src/api/objects.ts';
import { findChain } from '../../src/chains/index.ts';
import { eachAtOnce } from '../../src/controller/engine/each-at-once.ts';
import { readDesired } from '../../src/desired/read.ts';
import { objectPath } from '../../src/kube/paths.ts';
import { renderNode } from '../../src/render/render-node.ts';
import { CHANGE_OF_ALL, fleetFiles } from './fleet.ts';
import { send } from './raw-request.ts';
import { sourceFiles } from './source-files.ts';
import type { Stage } from './stage.ts';

const AT_ONCE = 32;

export interface BareFleet {
  /** Milliseconds to write all objects and statuses on a cluster without nodes. */
  readonly createMs: number;
  /** Milliseconds to change all nodes, their workloads and statuses. */
  readonly changeMs: number;
}

/** Everything that it wrote stays. */
export async function timeBareFleet({ fleet, transport }: Stage): Promise<BareFleet> {
  const createMs = await timeWrites(fleetFiles(fleet), transport, () => true);
  const changeMs = await timeWrites(
    { ...fleetFiles(fleet), ...CHANGE_OF_ALL },
    transport,
    ({ kind }) => kind === 'StatefulSet',
  );
  return { createMs, changeMs };
}

type Written = (object: KubeObject) => boolean;

async function timeWrites(
  files: Readonly<Record<string, string>>,
  transport: Stage['transport'],
  isWritten: Written,
): Promise<number> {
  const { nodes } = readDesired(sourceFiles(files), { defaultNamespace: DEFAULT_NAMESPACE });
  const began = performance.now();
  await eachAtOnce([...nodes.values()], AT_ONCE, async ({ node }) => await writeNode(node, transport, isWritten));
  return performance.now() - began;
}

async function writeNode(desired: BlockchainNode, transport: Stage['transport'], isWritten: Written): Promise<void> {
  const created = await applyBarely(transport, desired);
  const node = { ...desired, metadata: { ...desired.metadata, uid: created.metadata.uid ?? '' } };
  const chain = findChain(node.spec.chain);
  if (chain === undefined) throw new Error(`there is no chain ${node.spec.chain}`);
  const { objects } = renderNode(node, chain, { running: false });
  for (const object of objects.filter(isWritten)) await applyBarely(transport, object);
  const { apiVersion, kind, metadata } = node;
  const { name, namespace = DEFAULT_NAMESPACE } = metadata;
  await applyBarely(transport, { apiVersion, kind, metadata: { name, namespace }, status: STATUS }, '/status');
}

async function applyBarely(transport: Stage['transport'], object: KubeObject, subresource = ''): Promise<KubeObject> {
  const manager = subresource === '' ? FIELD_MANAGER : `${FIELD_MANAGER}-status`;
  const query = `fieldManager=${manager}&force=true&fieldValidation=Strict`;
  const path = `${objectPath(refOf(object))}${subresource}?${query}`;
  const answer = await send(transport, {
    method: 'PATCH',
    path,
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
  // The edge: the server answers with the object that it keeps.
  return JSON.parse(answer) as KubeObject;
}

/** As the controller writes it of a stopped node. */
const STATUS = {
  phase: 'Stopped',
  observedGeneration: 1,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Stopped',
      message: 'Stopped, as spec.desiredState asks.',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
  appliedRevision: 'main@sha1:0123456789012345678901234567890123456789',
  synced: false,
  roles: [{ name: 'el', client: 'geth', state: 'Stopped' }],
  volumes: [],
  observedAt: '2026-01-01T00:00:00Z',
} satisfies NodeStatus;
