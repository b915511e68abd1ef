// What the loops know of each node between passes: facts from the node, what stands in its way, what is held.

import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { keyOf } from '../../api/objects.ts';
import type { RoleFacts } from '../../chains/chain.ts';
import type { Plan } from '../../plan/action.ts';
import type { NodeTrouble } from './reconcile.ts';

export interface NodeNotes {
  readonly facts: ReadonlyMap<string, RoleFacts>;
  /** Role → when it last answered, milliseconds since the epoch. */
  readonly answeredAt: ReadonlyMap<string, number>;
  /** Role → when its height was last seen to rise; absent before the first time. */
  readonly risenAt: ReadonlyMap<string, number>;
  readonly trouble: NodeTrouble | undefined;
  readonly hold: { readonly reason: NodeReason; readonly message: string } | undefined;
}

export interface Notes {
  of(key: string): NodeNotes;
  /** Returns whether there were other facts before. */
  setFacts(key: string, facts: ReadonlyMap<string, RoleFacts>, now: number): boolean;
  setTrouble(key: string, trouble: NodeTrouble | undefined): void;
  /** Takes over the holds of a plan; returns the nodes whose hold changed. */
  setHolds(plan: Plan | undefined): readonly string[];
  forget(key: string): void;
}

/** Lost at a restart, on purpose: everything here is found out again. */
export function createNotes(): Notes {
  const facts = new Map<string, ReadonlyMap<string, RoleFacts>>();
  const answers = new Map<string, ReadonlyMap<string, number>>();
  const rises = new Map<string, ReadonlyMap<string, number>>();
  const troubles = new Map<string, NodeTrouble>();
  let holds: ReadonlyMap<string, NonNullable<NodeNotes['hold']>> = new Map();
  return {
    of: (key) => ({
      facts: facts.get(key) ?? new Map(),
      answeredAt: answers.get(key) ?? new Map(),
      risenAt: rises.get(key) ?? new Map(),
      trouble: troubles.get(key),
      hold: holds.get(key),
    }),
    setFacts(key, next, now) {
      const answering = [...next]
        .filter(([, { reach }]) => reach === 'answering')
        .map(([role]) => [role, now] as const);
      answers.set(key, new Map([...(answers.get(key) ?? []), ...answering]));
      const rising = risingRoles(facts.get(key), next).map((role) => [role, now] as const);
      rises.set(key, new Map([...(rises.get(key) ?? []), ...rising]));
      const before = facts.get(key)?.size ?? 0;
      if (next.size === 0) facts.delete(key);
      else facts.set(key, next);
      return before !== next.size;
    },
    setTrouble(key, trouble) {
      if (trouble === undefined) troubles.delete(key);
      else troubles.set(key, trouble);
    },
    setHolds(plan) {
      const next = holdsOf(plan);
      const keys = new Set([...holds.keys(), ...next.keys()]);
      const changed = [...keys].filter((key) => holds.get(key)?.message !== next.get(key)?.message);
      holds = next;
      return changed;
    },
    forget(key) {
      facts.delete(key);
      answers.delete(key);
      rises.delete(key);
      troubles.delete(key);
    },
  };
}

/** The roles that are higher now than they were. */
function risingRoles(
  before: ReadonlyMap<string, RoleFacts> | undefined,
  now: ReadonlyMap<string, RoleFacts>,
): readonly string[] {
  return [...now]
    .filter(([role, { height }]) => height !== undefined && height > (before?.get(role)?.height ?? Infinity))
    .map(([role]) => role);
}

function holdsOf(plan: Plan | undefined): ReadonlyMap<string, NonNullable<NodeNotes['hold']>> {
  const holds = new Map<string, NonNullable<NodeNotes['hold']>>();
  for (const { ref, hold, because } of plan?.actions ?? []) {
    if (hold !== undefined)
      holds.set(keyOf(ref), { reason: hold.guard, message: `${because}. ${hold.message}. ${hold.release}` });
  }
  return holds;
}
