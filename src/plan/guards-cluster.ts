// The guard of a second cluster under one executor name.

import type { Action, Hold } from './action.ts';
import { finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

/** Both would write the same reservations of keys and claim the same jobs, each without seeing the pods of the other. */
export function otherCluster(_action: Action, { input }: Scene): Hold | undefined {
  const other = input.facts?.otherCluster;
  return other === undefined ? undefined : finalHold('OtherCluster', other.message, other.release);
}
