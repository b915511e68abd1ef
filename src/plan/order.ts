// The order in which actions are safe.

import { keyOf } from '../api/objects.ts';
import { member } from '../lib/json-value.ts';
import type { Action } from './action.ts';

/**
 * What stops or lets go of something comes before what starts or takes something: stops, deletions, other updates,
 * creations; by namespace and name within each. What must not merely be ordered but waited for (an identity in use) is
 * held by a guard until the cluster shows that it happened.
 */
export function inSafeOrder(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((a, b) => rank(a) - rank(b) || (keyOf(a.ref) < keyOf(b.ref) ? -1 : 1));
}

function rank(action: Action): number {
  if (action.do === 'create') return 3;
  if (action.do === 'delete') return 1;
  return member(action.object['spec'], 'desiredState') === 'Stopped' ? 0 : 2;
}
