// What the reconcilers know of each node between reconciliations.

import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { keyOf } from '../../api/objects.ts';
import type { RoleFacts } from '../../chains/observed.ts';
import type { Action, Plan } from '../../plan/action.ts';
import { clip } from '../../lib/clip.ts';
import { holdText } from '../../plan/hold-text.ts';
import { createRoleFacts, type RoleObservation } from './role-facts.ts';
import type { NodeTrouble } from './trouble.ts';

export interface NodeObservation extends RoleObservation {
  /** Why the last reconciliation could not apply the node; undefined when it could. */
  readonly trouble: NodeTrouble | undefined;
  readonly hold: { readonly reason: NodeReason; readonly message: string } | undefined;
  /** The error in a file because of which the node keeps its last good state, in whole sentences. */
  readonly broken: string | undefined;
  /** What the API server refused to do with the object of the node itself. */
  readonly refused: string | undefined;
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
  /**
   * Takes over what a plan holds, what it keeps because of an error in a file, and what the API server refused of it; returns
   * the nodes for which that changed.
   */
  setPlan(plan: Plan | undefined, refused: readonly RefusedAction[]): readonly string[];
  /** Whether there was a plan since the start. Before it, what was held still is. */
  readonly isPlanned: boolean;
  forget(key: string): void;
}

export interface RefusedAction {
  readonly do: Action['do'];
  /** Of the node, `namespace/name`. */
  readonly key: string;
  /** In the words of the API server. */
  readonly message: string;
}

/** Lost at a restart on purpose: all of it is observed again. */
export function createObservations(): Observations {
  const roles = createRoleFacts();
  const troubles = new Map<string, NodeTrouble>();
  const reconciled = new Set<string>();
  const revisions = new Map<string, string>();
  let planned: ReadonlyMap<string, Planned> = new Map();
  let isPlanned = false;
  return {
    of: (key) => ({
      ...roles.of(key),
      trouble: troubles.get(key),
      ...(planned.get(key) ?? UNPLANNED),
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
    setPlan(plan, refused) {
      isPlanned ||= plan !== undefined;
      const before = planned;
      planned = plannedOf(plan, refused);
      return changedKeys(before, planned);
    },
    forget(key) {
      roles.forget(key);
      troubles.delete(key);
      revisions.delete(key);
      reconciled.delete(key);
    },
  };
}

type Planned = Pick<NodeObservation, 'hold' | 'broken' | 'refused'>;

const UNPLANNED: Planned = { hold: undefined, broken: undefined, refused: undefined };

function plannedOf(plan: Plan | undefined, refused: readonly RefusedAction[]): ReadonlyMap<string, Planned> {
  const planned = new Map<string, Planned>();
  const add = (key: string, found: Partial<Planned>): void =>
    void planned.set(key, { ...UNPLANNED, ...planned.get(key), ...found });
  for (const { ref, brokenBy } of plan?.kept ?? [])
    if (brokenBy !== undefined) add(keyOf(ref), { broken: describeBroken(brokenBy) });
  for (const action of plan?.actions ?? []) {
    const { ref, hold } = action;
    if (hold !== undefined) add(keyOf(ref), { hold: { reason: hold.guard, message: holdText(action) } });
  }
  for (const action of refused) add(action.key, { refused: describeRefused(action) });
  return planned;
}

function changedKeys(before: ReadonlyMap<string, Planned>, after: ReadonlyMap<string, Planned>): readonly string[] {
  const textOf = (planned: Planned = UNPLANNED): string =>
    JSON.stringify([planned.hold?.message, planned.broken, planned.refused]);
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => textOf(before.get(key)) !== textOf(after.get(key)),
  );
}

function describeBroken(error: string): string {
  return `${clip(/[.!?]$/.test(error) ? error : `${error}.`, 900)} Until that is corrected, the node keeps its last good state.`;
}

function describeRefused({ do: what, message }: RefusedAction): string {
  return `The API server refused to ${what} the node, and is asked again: ${clip(message, 900)}`;
}
