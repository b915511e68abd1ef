// The guards: safety rules, each a small function that can be read and tested alone.

import type { Action, Hold } from './action.ts';
import { moved, unreadableFile, vanished, deletionBudget } from './guards-branch.ts';
import { identityOfData, volumeShrink } from './guards-data.ts';
import { identityInUse, identitySwap, signerElsewhere, signerState } from './guards-identity.ts';
import { notOurs, protectedNode, suspended } from './guards-node.ts';
import { policyException } from './guards-policy.ts';
import type { Scene } from './scene.ts';

export type Guard = (action: Action, scene: Scene) => Hold | undefined;

/**
 * The first that answers holds the action. Those that no approval can release come first: an approval must not seem to
 * help where it does not. One that passes by itself lets a later one speak that a person can release now. To add one: its function, its line here, its row in the tests.
 */
export const guards: readonly Guard[] = [
  suspended, // somebody asked for silence
  identitySwap, // two nodes exchange keys: a Switchover does that safely
  identityInUse, // the key's other user must be gone first
  volumeShrink, // Kubernetes cannot, and data would be lost
  identityOfData, // another chain, network or client on the same data
  signerState, // another key on the record of what was signed
  signerElsewhere, // a key whose record is on another volume
  policyException, // host access and the like, which the policy allows and a person must see
  notOurs, // somebody else's object of the same name
  moved, // the branch went back, or somewhere else
  vanished, // all of nodes/ is gone: a wrong merge, not a decision
  unreadableFile, // the node may be in a file nobody can read
  protectedNode, // the node asked for a second look
  deletionBudget, // too many at a time
];
