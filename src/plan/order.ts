// The order in which actions are safe.

import { keyOf } from '../api/objects.ts';
import { member } from '../lib/json-value.ts';
import type { Action } from './action.ts';

/**
 * Actions that release a resource come before actions that take one: stops, deletions, other updates, creations, starts; by
 * namespace and name within each. Where an action must wait for another one (an identity in use), a guard holds it until
 * the cluster shows that the other one is complete.
 */
export function inSafeOrder(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((a, b) => rank(a) - rank(b) || (keyOf(a.ref) < keyOf(b.ref) ? -1 : 1));
}

function rank(action: Action): number {
  if (action.do === 'start') return 4;
  if (action.do === 'create') return 3;
  if (action.do === 'delete') return 1;
  return member(action.object['spec'], 'desiredState') === 'Stopped' ? 0 : 2;
}
