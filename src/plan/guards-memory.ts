// The guard of a controller that lost its memory: it cannot prove what the desired branch was, or which key signed where.

import { member } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

/** Until a revision is applied: deletions, and each action that may start a pod with a key. */
export function memoryLost(action: Action, { input }: Scene): Hold | undefined {
  if (input.facts?.memoryLost !== true) return undefined;
  if (action.do === 'delete')
    return approvableHold(
      'MemoryLost',
      'the controller lost its memory of the revision applied last, so the branch may have been moved back',
    );
  return mayStartKey(action)
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

const STARTS = ['spec.identity', 'spec.desiredState'];
