// The guards: safety rules, each a small function that can be tested alone.

import type { Action, Hold } from './action.ts';
import { deletionBudget, moved, otherCluster, unreadableFile, vanished } from './guards-branch.ts';
import { identityOfData, volumeCannotGrow, volumeShrink } from './guards-data.ts';
import {
  identityInUse,
  identitySwap,
  keyReserved,
  signerElsewhere,
  signerMoved,
  signerState,
} from './guards-identity.ts';
import { memoryLost } from './guards-memory.ts';
import { notOurs, protectedNode, suspended } from './guards-node.ts';
import { policyException } from './guards-policy.ts';
import { signerVolumeLost, volumesLeftBehind, volumeTerminating } from './guards-volumes.ts';
import type { Scene } from './scene.ts';

export type Guard = (action: Action, scene: Scene) => Hold | undefined;

/**
 * The first guard that answers holds the action. Guards that no approval can release come first, so that an approval is
 * not requested where it has no effect. When the hold ends by itself, a later guard that needs an approval is shown instead.
 * README.md lists the steps to add a guard.
 */
export const guards: readonly Guard[] = [
  otherCluster, // this cluster does not own the executor name
  suspended, // the fleet, the folder or the node is suspended
  identitySwap, // two nodes exchange keys: a Switchover does that safely
  identityInUse, // the key's other user must be gone first
  keyReserved, // another executor must have released the key first
  volumeShrink, // Kubernetes cannot, and data would be lost
  volumeCannotGrow, // its class does not let it, and a larger size cannot be taken back
  identityOfData, // another chain, network or client on the same data
  volumesLeftBehind, // volumes of an earlier node of that name
  signerVolumeLost, // the record of what the key signed was on a volume that is gone
  signerState, // another key on the record of what was signed
  signerMoved, // a key that signed elsewhere while the node was stopped
  signerElsewhere, // a key whose record is on another volume
  volumeTerminating, // the pod keeps a deleted volume alive
  policyException, // host access and similar, which the policy allows after an approval
  notOurs, // an object of the same name that belongs to another owner
  memoryLost, // nothing proves what was applied or signed before
  moved, // the branch was moved back or rewritten
  vanished, // all of nodes/ is gone: probably a wrong merge
  unreadableFile, // the node may be in a file that cannot be read
  protectedNode, // the node has `protect: true`
  deletionBudget, // too many deletions at once
];
