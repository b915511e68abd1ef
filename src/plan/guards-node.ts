// Guards that a node or the Fleet asked for: suspended, protected, somebody else's.

import { suspendedFolder } from '../api/fleet.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import { keyOf } from '../api/objects.ts';
import { member } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

export function suspended(action: Action, { input, live }: Scene): Hold | undefined {
  const { fleet } = input.desired;
  if (fleet.suspend === true)
    return finalHold('Suspended', 'the Fleet is suspended', 'Remove spec.suspend from fleet.yaml.');
  const node = live.get(keyOf(action.ref));
  const file = action.do === 'delete' ? node?.metadata.annotations?.[ANNOTATION.file] : action.file;
  const folder = suspendedFolder(fleet, file);
  if (folder !== undefined)
    return finalHold(
      'Suspended',
      `the folder ${folder} is suspended`,
      'Take it out of spec.suspendFolders in fleet.yaml.',
    );
  if (node?.spec.suspend !== true) return undefined;
  if (action.do === 'delete')
    return finalHold(
      'Suspended',
      'the node is suspended',
      'Put its file back without spec.suspend; once that is applied, delete it.',
    );
  const isStill = action.do === 'update' && member(action.object['spec'], 'suspend') === true;
  return isStill ? finalHold('Suspended', 'the node is suspended', 'Remove spec.suspend from its file.') : undefined;
}

/** What counts is the live object: taking `protect` out and deleting the file in one commit does not help. */
export function protectedNode(action: Action, { live }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  if (node?.spec.protect !== true) return undefined;
  if (action.do === 'delete') return approvableHold('Protected', 'the node says protect: true');
  const dropsData =
    action.do === 'update' &&
    node.spec.deletionPolicy !== 'Delete' &&
    member(action.object['spec'], 'deletionPolicy') === 'Delete';
  return dropsData
    ? approvableHold('Protected', 'the node says protect: true, and its volumes would be deleted with it from now on')
    : undefined;
}

/** An object made by hand, or by another executor, is not taken over unasked. */
export function notOurs(action: Action, { live, input }: Scene): Hold | undefined {
  if (action.do !== 'update') return undefined;
  const node = live.get(keyOf(action.ref));
  const owner = node?.metadata.labels?.[LABEL.executor];
  if (owner === input.executor) return undefined;
  // Somebody took our label off: where the object came from still stands on it.
  const isMarked = node?.metadata.annotations?.[ANNOTATION.file] !== undefined;
  if (owner === undefined && isMarked && node?.spec.executor === input.executor) return undefined;
  const whose = owner === undefined ? 'it was not created from Git' : `it belongs to the executor ${owner}`;
  return approvableHold(
    'NotOurs',
    `a node of this name is in the cluster already, and ${whose}; approving takes it over`,
  );
}
