// Guards that a node or the Fleet asks for (suspended, protected), and the guard of objects of another owner.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import { keyOf } from '../api/objects.ts';
import {
  describeSuspension,
  howSuspensionEnds,
  isSuspendedItself,
  type Suspension,
  suspensionOf,
} from '../api/fleet.ts';
import { member } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

export function suspended(action: Action, { input, live }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  const file = action.do === 'delete' ? node?.metadata.annotations?.[ANNOTATION.file] : action.file;
  const spec = staysSuspended(action, node) ? (node?.spec ?? {}) : {};
  const suspension = suspensionOf({ fleet: input.desired.fleet, file, spec });
  return suspension === undefined
    ? undefined
    : finalHold('Suspended', describeSuspension(suspension), releaseOf(suspension, action));
}

/** By its own spec, also after the action: the one that ends it is not held. */
function staysSuspended(action: Action, node: BlockchainNode | undefined): boolean {
  const isNow = node !== undefined && isSuspendedItself(node.spec);
  return isNow && (action.do === 'delete' || (action.do === 'update' && isSuspendedItself(action.object['spec'])));
}

function releaseOf(suspension: Suspension, action: Action): string {
  return suspension.by === 'Node' && action.do === 'delete'
    ? 'Restore its file without spec.suspend. When that is applied, delete the file.'
    : howSuspensionEnds(suspension);
}

/** The live object decides: removing `protect` and deleting the file in one commit does not release the deletion. */
export function protectedNode(action: Action, { live }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  if (node?.spec.protect !== true) return undefined;
  if (action.do === 'delete') return approvableHold('Protected', 'the node has protect: true');
  const dropsData =
    action.do === 'update' &&
    node.spec.deletionPolicy !== 'Delete' &&
    member(action.object['spec'], 'deletionPolicy') === 'Delete';
  return dropsData
    ? approvableHold('Protected', 'the node has protect: true, and from now on its volumes would be deleted with it')
    : undefined;
}

/** The executor's label was removed, but the annotation still shows where the object came from. */
function hasLostLabel(node: BlockchainNode | undefined, executor: string): boolean {
  if (node === undefined || node.metadata.labels?.[LABEL.executor] !== undefined) return false;
  return node.metadata.annotations?.[ANNOTATION.file] !== undefined && node.spec.executor === executor;
}

/** Both executors are in one cluster. The old one deletes the object; taking it over meanwhile is for one that is gone. */
function notDeletedYet(from: string): Hold {
  return {
    ...approvableHold('NotOurs', `the executor ${from} has not deleted the node yet`),
    release: `Continues when ${from} has deleted it: it is created again with the same volumes. If ${from} does not run any more, add the digest of the held actions to spec.approvals in fleet.yaml: that takes the node over as it is.`,
  };
}

/** An object that was created by hand or by another executor is taken over only after an approval. */
export function notOurs(action: Action, { live, input }: Scene): Hold | undefined {
  if (action.do !== 'update') return undefined;
  const node = live.get(keyOf(action.ref));
  const owner = node?.metadata.labels?.[LABEL.executor];
  if (owner === input.executor || hasLostLabel(node, input.executor)) return undefined;
  if (action.move?.from !== undefined) return notDeletedYet(action.move.from);
  const whose = owner === undefined ? 'it was not created from Git' : `it belongs to the executor ${owner}`;
  return approvableHold(
    'NotOurs',
    `the cluster already has a node of this name, and ${whose}; an approval takes it over`,
  );
}
