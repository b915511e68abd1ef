// Judges every action by the guards, and lets approvals release what they may.

import type { Action, Releases } from './action.ts';
import { actionDigest, setDigest } from './digest.ts';
import { guards } from './guards.ts';
import type { Scene } from './scene.ts';

export interface Held {
  /** All actions given, in the same order, some with a hold. */
  readonly held: readonly Action[];
  readonly digest: string | undefined;
  readonly released: Releases;
}

/** Puts the first hold that a guard has for it on each action. Never drops an action. */
export function holdActions(actions: readonly Action[], facts: Omit<Scene, 'actions'>): Held {
  const scene: Scene = { ...facts, actions };
  const judged = actions.map((action): Action => {
    for (const guard of guards) {
      const hold = guard(action, scene);
      if (hold !== undefined) return { ...action, hold };
    }
    return action;
  });
  return release(judged, facts);
}

/** First what earlier plans already released, so that the digest people see and approve is that of the rest. */
function release(judged: readonly Action[], { input }: Omit<Scene, 'actions'>): Held {
  const approvals = new Set(input.desired.fleet.approvals?.map(({ digest }) => digest));
  const releases = new Map<string, string>();
  for (const [approval, digests] of Object.entries(input.facts?.released ?? {}))
    if (approvals.has(approval)) for (const digest of digests) releases.set(digest, approval);
  const approvable = judged.filter(isApprovable);
  const rest = approvable.filter((action) => !releases.has(actionDigest(action)));
  const digest = setDigest(rest);
  const isApproved = digest !== undefined && approvals.has(digest);
  if (isApproved) for (const action of rest) releases.set(actionDigest(action), digest);
  const free = new Set(approvable.filter((action) => releases.has(actionDigest(action))));
  return {
    held: judged.map((action) => (free.has(action) ? withoutHold(action) : action)),
    digest: isApproved ? undefined : digest,
    released: byApproval([...free].map(actionDigest), releases),
  };
}

function isApprovable(action: Action): boolean {
  return action.hold?.approvable === true;
}

function withoutHold(action: Action): Action {
  const { hold: _hold, ...rest } = action;
  return rest;
}

function byApproval(digests: readonly string[], released: ReadonlyMap<string, string>): Releases {
  const result: Record<string, string[]> = {};
  for (const digest of digests) (result[released.get(digest) ?? ''] ??= []).push(digest);
  return result;
}
