// What the roles of each node answered, and when.

import type { RoleFacts } from '../../chains/observed.ts';

export interface RoleObservation {
  readonly facts: ReadonlyMap<string, RoleFacts>;
  /** Role → when it last answered, milliseconds since the epoch. */
  readonly answeredAt: ReadonlyMap<string, number>;
  /** Role → when its height was last seen to rise; absent before the first time. */
  readonly risenAt: ReadonlyMap<string, number>;
}

export interface RoleFactsOfNodes {
  of(key: string): RoleObservation;
  set(key: string, facts: ReadonlyMap<string, RoleFacts>, now: number): void;
  /** Forgets what the roles answered, not when. Returns whether there was any. */
  clear(key: string): boolean;
  has(key: string): boolean;
  /** When the running pod was asked last, milliseconds since the epoch. */
  askedAt(key: string): number | undefined;
  forget(key: string): void;
}

export function createRoleFacts(): RoleFactsOfNodes {
  const facts = new Map<string, ReadonlyMap<string, RoleFacts>>();
  const asked = new Map<string, number>();
  const answers = new Map<string, ReadonlyMap<string, number>>();
  const rises = new Map<string, ReadonlyMap<string, number>>();
  return {
    of: (key) => ({
      facts: facts.get(key) ?? new Map(),
      answeredAt: answers.get(key) ?? new Map(),
      risenAt: rises.get(key) ?? new Map(),
    }),
    set(key, next, now) {
      answers.set(key, withTime(answers.get(key), answeringRoles(next), now));
      rises.set(key, withTime(rises.get(key), risingRoles(facts.get(key), next), now));
      facts.set(key, next);
      asked.set(key, now);
    },
    clear(key) {
      const before = facts.get(key)?.size ?? 0;
      facts.delete(key);
      asked.delete(key);
      return before > 0;
    },
    has: (key) => facts.has(key),
    askedAt: (key) => asked.get(key),
    forget(key) {
      for (const known of [facts, asked, answers, rises]) known.delete(key);
    },
  };
}

function withTime(
  times: ReadonlyMap<string, number> | undefined,
  roles: readonly string[],
  now: number,
): ReadonlyMap<string, number> {
  return new Map([...(times ?? []), ...roles.map((role) => [role, now] as const)]);
}

function answeringRoles(facts: ReadonlyMap<string, RoleFacts>): readonly string[] {
  return [...facts].filter(([, { reach }]) => reach === 'answering').map(([role]) => role);
}

/** The roles whose height is greater now than before. */
function risingRoles(
  before: ReadonlyMap<string, RoleFacts> | undefined,
  now: ReadonlyMap<string, RoleFacts>,
): readonly string[] {
  return [...now]
    .filter(([role, { height }]) => height !== undefined && height > (before?.get(role)?.height ?? Infinity))
    .map(([role]) => role);
}
