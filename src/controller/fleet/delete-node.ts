// Deletes the object of a node. What is remembered of its volumes is forgotten when the object is gone, and not before.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { API_VERSION, LABEL } from '../../api/group.ts';
import { describeRef, keyOf, type Ref } from '../../api/objects.ts';
import { describeError, hasCode } from '../../lib/errors.ts';
import type { Action } from '../../plan/action.ts';
import type { FleetDeps } from './deps.ts';
import { handOverVolumes, takeBackVolumes } from './hand-over-volumes.ts';

type DeleteAction = Extract<Action, { do: 'delete' }>;
type DeleteDeps = Pick<
  FleetDeps,
  'cluster' | 'identities' | 'memory' | 'runtime' | 'settings' | 'volumeRecords' | 'watches'
>;

/** The status of the node may be written in between. */
const DELETE_TRIES = 5;

export async function deleteNode(action: DeleteAction, deps: DeleteDeps): Promise<void> {
  try {
    await deleteInTries(action, deps);
  } finally {
    await settleDeletion(keyOf(action.ref), deps);
  }
}

/**
 * Ends what deletions with volumes have begun and not ended: a crash may have come at any moment, and the answer of the API server
 * may be lost. Before anything else is applied.
 */
export async function settleDeletions(deps: DeleteDeps): Promise<void> {
  for (const nodeKey of Object.keys(deps.memory.current.deletions))
    try {
      await settleDeletion(nodeKey, deps);
    } catch (error) {
      // It stays on record; the other nodes need not wait for it.
      deps.runtime.log.warn({ node: nodeKey, error: describeError(error) }, 'Settling a deletion failed');
    }
}

/** Only the API server says whether the node was deleted. One that was not keeps its volumes, and all that is known of them. */
async function settleDeletion(nodeKey: string, deps: DeleteDeps): Promise<void> {
  const uid = deps.memory.current.deletions[nodeKey];
  if (uid === undefined) return;
  const live = await deps.cluster.get(refOfNode(nodeKey));
  if (live?.metadata.uid === uid && live.metadata.deletionTimestamp === undefined)
    // The edge: the CRD fixes the shape.
    await takeBackVolumes(live as BlockchainNode, deps);
  // Another node of this name may have records of its own already. Records of volumes that are gone only hold a start.
  else if (live === undefined || live.metadata.uid === uid) await forgetVolumes(nodeKey, deps);
  await dropDeletion(nodeKey, deps);
}

async function dropDeletion(nodeKey: string, { memory }: Pick<DeleteDeps, 'memory'>): Promise<void> {
  await memory.save(({ deletions: { [nodeKey]: _settled, ...deletions } }) => ({ deletions }));
}

function refOfNode(nodeKey: string): Ref {
  const [namespace = '', name = ''] = nodeKey.split('/');
  return { apiVersion: API_VERSION, kind: 'BlockchainNode', namespace, name };
}

async function deleteInTries(action: DeleteAction, deps: DeleteDeps): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await deleteAsSeen(action, deps);
    } catch (error) {
      if (tries === DELETE_TRIES || !hasCode(error, 'CONFLICT')) throw error;
    }
}

async function deleteAsSeen(action: DeleteAction, deps: DeleteDeps): Promise<void> {
  const node = await nodeToDelete(action, deps);
  if (node === undefined) return;
  await (action.keepsVolumes ? keepVolumes(node, deps) : giveVolumes(node, deps));
  const { uid } = action;
  const { resourceVersion = '' } = node.metadata;
  await deps.cluster.remove(action.ref, { uid, resourceVersion, propagation: 'Background' });
}

/** Asks the API server: another executor may have taken the node over, and the watch may be behind. */
async function nodeToDelete(
  { ref, uid }: DeleteAction,
  { cluster, settings, runtime }: DeleteDeps,
): Promise<BlockchainNode | undefined> {
  const live = await cluster.get(ref);
  if (live === undefined || live.metadata.uid !== uid) return undefined;
  const owner = live.metadata.labels?.[LABEL.executor];
  // The edge: the CRD fixes the shape.
  if (owner === settings.executor) return live as BlockchainNode;
  runtime.log.info({ object: describeRef(ref), executor: owner }, 'Keeping object of another executor');
  return undefined;
}

/** A deletion with them that was begun before is over: settling it once the node is gone would forget volumes that are kept. */
async function keepVolumes(node: BlockchainNode, deps: DeleteDeps): Promise<void> {
  await takeBackVolumes(node, deps);
  await deps.volumeRecords.leaves(node);
  await dropDeletion(keyOf(node), deps);
}

/** That it is under way is stored first: settling it needs nothing else. */
async function giveVolumes(node: BlockchainNode, deps: DeleteDeps): Promise<void> {
  const { uid = '' } = node.metadata;
  await deps.memory.save(({ deletions }) => ({ deletions: { ...deletions, [keyOf(node)]: uid } }));
  await handOverVolumes(node, deps);
}

async function forgetVolumes(nodeKey: string, { identities, volumeRecords }: DeleteDeps): Promise<void> {
  await identities.losesVolumes(nodeKey);
  await volumeRecords.forget(nodeKey);
}
