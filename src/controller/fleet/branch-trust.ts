// What requests and schedules may do on the branch as it was read: they follow the guards of the outer loop.

import type { Plan } from '../../plan/action.ts';
import type { Pulled } from './pull.ts';

export interface BranchTrust {
  /** Nothing new begins while anything of a moved, emptied or unsigned branch is held: no request, no schedule, no retention. */
  readonly mayBegin: boolean;
  /** A file that is gone was taken out by somebody: only on a branch that went forward. After a moved one the next commit counts. */
  readonly mayRemove: boolean;
}

const MOVED: ReadonlySet<string> = new Set(['Rewound', 'Rewritten', 'Unverified', 'EmptyTree', 'MissingPath']);

/** `plan`: the outer loop's, of the same revision. */
export function trustIn({ ancestry }: Pick<Pulled, 'ancestry'>, plan: Plan): BranchTrust {
  const isMoved = ancestry === 'rewound' || ancestry === 'rewritten';
  const isHeld = plan.actions.some(({ hold }) => hold !== undefined && (isMoved || MOVED.has(hold.guard)));
  return { mayBegin: !isHeld, mayRemove: !isHeld && !isMoved };
}
