// The guard of a controller that lost its memory: it cannot prove what the desired branch was, or which key signed where.

import { keyOf } from '../api/objects.ts';
import { member } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold } from './hold-words.ts';
import { lostVolumes } from './judge-volumes.ts';
import type { Scene } from './scene.ts';

/**
 * Until a revision is applied: deletions, and each action that may start a pod with a key. Not the creation of a stopped node whose
 * start is held for itself: its data can be restored before it signs.
 */
export function memoryLost(action: Action, scene: Scene): Hold | undefined {
  const { input } = scene;
  if (input.facts?.memoryLost !== true) return undefined;
  if (action.do === 'delete')
    return approvableHold(
      'MemoryLost',
      'the controller lost its memory of the revision applied last, so the branch may have been moved back',
    );
  return mayStartKey(action) && !isHeldLater(action, scene)
    ? approvableHold(
        'MemoryLost',
        'the controller lost its memory of what the key has signed. Before approving make sure that the key signs nowhere else, and no height twice',
      )
    : undefined;
}

function mayStartKey(action: Action): boolean {
  if (action.do !== 'create' && action.do !== 'update') return false;
  if (member(action.object['spec'], 'identity') === undefined) return false;
  return action.do === 'create' || action.changes.some(({ path }) => STARTS.some((field) => path.startsWith(field)));
}

/** As long as the record of its volumes says that the key has signed on others. */
function isHeldLater(action: Action, { input }: Scene): boolean {
  const key = keyOf(action.ref);
  const declared = input.desired.nodes.get(key);
  const known = input.facts?.volumes?.get(key);
  if (action.do !== 'create' || declared?.node.spec.desiredState !== 'Stopped' || known === undefined) return false;
  return lostVolumes(declared.node, known).length > 0;
}

const STARTS = ['spec.identity', 'spec.desiredState'];
