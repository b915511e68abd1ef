// What job requests and schedules may do on the branch as it was read: they follow the guards of the plan.

import { isBranchGuard } from '../../api/codes/guards.ts';
import type { Plan } from '../../plan/action.ts';
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
  const isHeld = plan.actions.some(({ hold }) => hold !== undefined && (isMoved || isBranchGuard(hold.guard)));
  return { mayBegin: !isHeld, mayRemove: !isHeld && !isMoved };
}
