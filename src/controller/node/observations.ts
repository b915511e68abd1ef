// What the reconcilers know of each node between reconciliations.

import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { keyOf } from '../../api/objects.ts';
import type { RoleFacts } from '../../chains/observed.ts';
import type { Plan } from '../../plan/action.ts';
import { holdText } from '../../plan/hold-text.ts';
import { createRoleFacts, type RoleObservation } from './role-facts.ts';
import type { NodeTrouble } from './trouble.ts';

export interface NodeObservation extends RoleObservation {
  /** Why the last reconciliation could not apply the node; undefined when it could. */
  readonly trouble: NodeTrouble | undefined;
  readonly hold: { readonly reason: NodeReason; readonly message: string } | undefined;
  /** `branch@sha1:…`: the last revision of which the API server accepted every object of the node. */
  readonly revision: string | undefined;
}

export interface Observations {
  of(key: string): NodeObservation;
  setFacts(key: string, facts: ReadonlyMap<string, RoleFacts>, now: number): void;
  /** There is no pod to ask. Returns whether there were facts before. */
  clearFacts(key: string): boolean;
  /** When the running pod was asked last, milliseconds since the epoch. */
  askedAt(key: string): number | undefined;
  /** Whether the running pod was asked: before that its silence means nothing. */
  isObserved(key: string): boolean;
  /** At the end of a reconciliation: why it could not apply the node, undefined when it could. */
  setTrouble(key: string, trouble: NodeTrouble | undefined): void;
  /** Whether a reconciliation has ended since the start. */
  isReconciled(key: string): boolean;
  /** Every node that could not be applied. */
  troubles(): ReadonlyMap<string, NodeTrouble>;
  setApplied(key: string, revision: string | undefined): void;
  /** Takes over the held actions of a plan; returns the nodes whose hold changed. */
  setHolds(plan: Plan | undefined): readonly string[];
  /** Whether there was a plan since the start. Before it, what was held still is. */
  readonly isPlanned: boolean;
  forget(key: string): void;
}

/** Lost at a restart on purpose: all of it is observed again. */
export function createObservations(): Observations {
  const roles = createRoleFacts();
  const troubles = new Map<string, NodeTrouble>();
  const reconciled = new Set<string>();
  const revisions = new Map<string, string>();
  let holds: ReadonlyMap<string, NonNullable<NodeObservation['hold']>> = new Map();
  let isPlanned = false;
  return {
    of: (key) => ({
      ...roles.of(key),
      trouble: troubles.get(key),
      hold: holds.get(key),
      revision: revisions.get(key),
    }),
    setFacts: (key, facts, now) => roles.set(key, facts, now),
    clearFacts: (key) => roles.clear(key),
    askedAt: (key) => roles.askedAt(key),
    isObserved: (key) => roles.has(key),
    isReconciled: (key) => reconciled.has(key),
    setTrouble(key, trouble) {
      reconciled.add(key);
      if (trouble === undefined) troubles.delete(key);
      else troubles.set(key, trouble);
    },
    troubles: () => troubles,
    setApplied(key, revision) {
      if (revision !== undefined) revisions.set(key, revision);
    },
    get isPlanned() {
      return isPlanned;
    },
    setHolds(plan) {
      isPlanned ||= plan !== undefined;
      const next = holdsOf(plan);
      const keys = new Set([...holds.keys(), ...next.keys()]);
      const changed = [...keys].filter((key) => holds.get(key)?.message !== next.get(key)?.message);
      holds = next;
      return changed;
    },
    forget(key) {
      roles.forget(key);
      troubles.delete(key);
      revisions.delete(key);
      reconciled.delete(key);
    },
  };
}

function holdsOf(plan: Plan | undefined): ReadonlyMap<string, NonNullable<NodeObservation['hold']>> {
  const holds = new Map<string, NonNullable<NodeObservation['hold']>>();
  for (const action of plan?.actions ?? []) {
    const { ref, hold } = action;
    if (hold !== undefined) holds.set(keyOf(ref), { reason: hold.guard, message: holdText(action) });
  }
  return holds;
}
