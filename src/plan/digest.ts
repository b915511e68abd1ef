// Digests of actions: what a reviewer approves.

import { describeRef } from '../api/objects.ts';
import { assertNever } from '../lib/assert-never.ts';
import { defined } from '../lib/defined.ts';
import { digestOf } from '../lib/hash.ts';
import type { Action } from './action.ts';

/**
 * Identifies what an action does to which object. It does not depend on revision, guard, UID or bookkeeping annotations,
 * so that a pull request without access to the cluster shows the digest that the controller will compute. A start with
 * other volumes is the exception: its approval is for the volumes that are lost now, not for those of a later loss.
 * A deletion because of which another executor creates the node is a move to that one: its approval releases no deletion.
 */
export function actionDigest(action: Action): string {
  const base = { do: action.do, ref: describeRef(action.ref) };
  switch (action.do) {
    case 'create':
      return digestOf({ ...base, spec: action.object['spec'] });
    case 'update':
      return digestOf({ ...base, changes: action.changes });
    case 'start':
      return digestOf({ ...base, lost: action.lost, ...defined({ moved: action.moved }) });
    case 'delete':
      return digestOf({ ...base, keepsVolumes: action.keepsVolumes, ...defined({ movesTo: action.move?.to }) });
    default:
      return assertNever(action);
  }
}

/** The digest of a set of actions, by their digests in any order; undefined for none. */
export function setDigest(digests: readonly string[]): string | undefined {
  return digests.length === 0 ? undefined : digestOf(digests.toSorted());
}
