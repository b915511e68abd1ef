// What job requests and schedules may do on the branch as it was read: they follow the guards of the plan.

import type { Plan } from '../../plan/action.ts';
import { branchHold } from '../../plan/hold-text.ts';
import type { Pulled } from './state.ts';

export interface BranchTrust {
  /** No request, schedule or retention begins while an action of a moved or emptied branch is held. */
  readonly mayBegin: boolean;
  /** A missing file means that it was removed: only on a branch that moved forward. */
  readonly mayRemove: boolean;
}

/** `plan`: of the same revision. */
export function trustIn({ ancestry }: Pick<Pulled, 'ancestry'>, plan: Plan): BranchTrust {
  const isMoved = ancestry === 'rewound' || ancestry === 'rewritten';
  const isHeld = branchHold(plan.actions, ancestry) !== undefined;
  return { mayBegin: !isHeld, mayRemove: !isHeld && !isMoved };
}
