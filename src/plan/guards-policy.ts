// The guard of exceptions that the policy allows.

import { exceptionsIn, ruleOfException } from '../api/policy-exceptions.ts';
import { keyOf } from '../api/objects.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

/** Holds a node that starts to break a waived rule of the policy, or breaks it in another way. Undoing an edit introduces nothing. */
export function policyException(action: Action, { live }: Scene): Hold | undefined {
  if (action.do === 'delete' || action.do === 'start' || (action.do === 'update' && action.drift)) return undefined;
  const before = exceptionsIn(live.get(keyOf(action.ref))?.metadata ?? {});
  const introduced = exceptionsIn(action.object.metadata).filter((use) => !before.includes(use));
  if (introduced.length === 0) return undefined;
  const rules = introduced.map(ruleOfException).join(', ');
  return approvableHold(
    'PolicyException',
    `the node uses ${rules}, which only an exception of the policy allows. Before approving make sure that this node needs it`,
  );
}
