// The two kinds of hold, and the text that says what releases them.

import type { GuardName } from '../api/codes/guards.ts';
import type { Hold } from './action.ts';

/** A hold that a commit releases when it names the digest of the held actions. */
export function approvableHold(guard: GuardName, message: string): Hold {
  return {
    guard,
    message,
    release: 'Undo the change, or add the digest of the held actions to spec.approvals in fleet.yaml.',
    approvable: true,
  };
}

/** A hold that an approval does not release; `release` says what does. */
export function finalHold(guard: GuardName, message: string, release: string): Hold {
  return { guard, message, release, approvable: false };
}
