// Reports a plan: metrics, and a log line for each action that is newly held.

import { describeRef, keyOf } from '../../api/objects.ts';
import type { Action, Plan } from '../../plan/action.ts';
import { actionWords, holdText } from '../../plan/hold-text.ts';
import type { Telemetry } from '../../lib/telemetry.ts';
import { isOwnedBy } from '../node/owner.ts';
import type { FleetDeps } from './deps.ts';

/** An action that was held before for the same reason is not announced again. */
export function announcePlan(plan: Plan, deps: FleetDeps): void {
  deps.runtime.telemetry.planned(countActions(plan.actions));
  const known = new Set(deps.fleet.plan?.actions.map(holdKey));
  for (const action of plan.actions)
    if (action.hold !== undefined && !known.has(holdKey(action))) announceHold(action, plan.heldDigest, deps);
}

function announceHold(
  action: Action,
  digest: string | undefined,
  { runtime, watches, events, settings }: FleetDeps,
): void {
  const { hold, ref, move } = action;
  if (hold === undefined) return;
  const { guard, message, release } = hold;
  const facts = {
    object: describeRef(ref),
    do: move === undefined ? action.do : 'move',
    guard,
    reason: message,
    release,
    digest,
  };
  runtime.log.warn(facts, 'Holding action');
  const live = watches.nodes.get(keyOf(ref));
  // Of an own node the condition `Unapplied` and its Event say it.
  if (live === undefined || isOwnedBy(live, settings.executor)) return;
  events.emit({ about: live, type: 'Warning', reason: guard, message: holdText(action) });
}

function holdKey(action: Action): string {
  const { hold } = action;
  return JSON.stringify([actionWords(action), hold?.guard, hold?.message]);
}

/** Held actions count as held and as nothing else. */
export function countActions(actions: readonly Action[]): Parameters<Telemetry['planned']>[0] {
  const free = actions.filter(({ hold }) => hold === undefined);
  const count = (what: Action['do']): number => free.filter((action) => action.do === what).length;
  return {
    create: count('create'),
    update: count('update'),
    delete: count('delete'),
    held: actions.length - free.length,
  };
}
