// Applies the guards to every action, and the approvals to the held ones.

import { defined } from '../lib/defined.ts';
import { mapInSteps } from '../lib/finish.ts';
import type { Action, Hold, Releases } from './action.ts';
import { actionDigest, setDigest } from './digest.ts';
import { guards } from './guards.ts';
import type { Scene } from './scene.ts';

export interface Held {
  /** All actions given, in the same order, some with a hold. */
  readonly held: readonly Action[];
  readonly digest: string | undefined;
  readonly released: Releases;
}

/** Adds to each action the hold of the first guard that answers. Never drops an action. Pauses after each. */
export function* holdActions(actions: readonly Action[], facts: Omit<Scene, 'actions'>): Generator<void, Held> {
  const scene: Scene = { ...facts, actions };
  const waits = new Map<Action, Hold>();
  const judged = yield* mapInSteps(actions, (action): Action => {
    const [first, next] = holdsOf(action, scene);
    if (first === undefined) return action;
    if (next?.approvable !== true) return { ...action, hold: first };
    const held = { ...action, hold: next };
    waits.set(held, first);
    return held;
  });
  const approvable = judged.filter(isApprovable);
  const digests = new Map(yield* mapInSteps(approvable, (action) => [action, actionDigest(action)] as const));
  return release(judged, { ...facts, waits, digests });
}

/** The holds of an action, in the order of the guards. Ends at the first hold that does not end by itself. */
function holdsOf(action: Action, scene: Scene): readonly Hold[] {
  const holds: Hold[] = [];
  for (const guard of guards) {
    const hold = guard(action, scene);
    if (hold !== undefined) holds.push(hold);
    if (hold !== undefined && hold.passes !== true) break;
  }
  return holds;
}

interface Judged extends Omit<Scene, 'actions'> {
  /** What still holds an action after its approval. */
  readonly waits: ReadonlyMap<Action, Hold>;
  /** Of the actions that an approval may release. */
  readonly digests: ReadonlyMap<Action, string>;
}

/** Actions that earlier plans released come first, so that the digest to approve covers the remaining ones only. */
function release(judged: readonly Action[], { input, waits, digests }: Judged): Held {
  const approvals = new Map(input.desired.fleet.approvals?.map((approval) => [approval.digest, approval]));
  const releases = releasesBefore(input.facts?.released ?? {}, new Set(approvals.keys()));
  const rest = [...digests.values()].filter((one) => !releases.has(one));
  const digest = setDigest(rest);
  const isApproved = digest !== undefined && approvals.has(digest);
  if (isApproved) for (const one of rest) releases.set(one, digest);
  const free = [...digests.values()].filter((one) => releases.has(one));
  return {
    held: judged.map((action) => {
      const releasedBy = releases.get(digests.get(action) ?? '');
      if (releasedBy === undefined) return action;
      const approval = approvals.get(releasedBy);
      return { ...withHold(action, waits.get(action)), ...defined({ approval: approval && defined(approval) }) };
    }),
    digest: isApproved ? undefined : digest,
    released: byApproval(free, releases),
  };
}

/** Digest of an action → the approval that released it, as long as the file has that approval. */
function releasesBefore(released: Releases, approvals: ReadonlySet<string>): Map<string, string> {
  const valid = Object.entries(released).filter(([approval]) => approvals.has(approval));
  return new Map(valid.flatMap(([approval, digests]) => digests.map((digest) => [digest, approval] as const)));
}

function isApprovable(action: Action): boolean {
  return action.hold?.approvable === true;
}

function withHold(action: Action, hold: Hold | undefined): Action {
  const { hold: _hold, ...rest } = action;
  return hold === undefined ? rest : { ...rest, hold };
}

function byApproval(digests: readonly string[], released: ReadonlyMap<string, string>): Releases {
  const result: Record<string, string[]> = {};
  for (const digest of digests) (result[released.get(digest) ?? ''] ??= []).push(digest);
  return result;
}
