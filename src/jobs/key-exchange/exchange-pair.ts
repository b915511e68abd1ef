// The two nodes of a Switchover, their identities before it, and what they are now.

import type { JobTarget } from '../../api/job-status.ts';
import { enter, fail, viewOf, type Move, type Scope } from '../model/scope.ts';

export interface Pair {
  readonly source: JobTarget;
  readonly dest: JobTarget;
  /** Identity of `source` before the exchange. */
  readonly a: string;
  /** Identity of `dest` before the exchange. */
  readonly b: string;
}

/** From the targets on record; undefined when a node had none. */
export function pairOf(scope: Scope): Pair | undefined {
  const [source, dest] = viewOf(scope).targets;
  if (source?.identity === undefined || dest?.identity === undefined) return undefined;
  return { source, dest, a: source.identity, b: dest.identity };
}

export interface Now {
  readonly source: string | undefined;
  readonly dest: string | undefined;
}

export function nowOf({ observed: { identities } }: Scope, { source, dest }: Pair): Now {
  return { source: identities.get(source.node), dest: identities.get(dest.node) };
}

export function isUntouched({ a, b }: Pair, now: Now): boolean {
  return now.source === a && now.dest === b;
}

export function isExchanged({ a, b }: Pair, now: Now): boolean {
  return now.source === b && now.dest === a;
}

/** The identities are exchanged, and so is what belongs to them. */
export function exchanged(scope: Scope, { source, dest, a, b }: Pair): Move {
  return enter(scope, { phase: 'Verifying', message: `${source.node} has ${b}, ${dest.node} has ${a}` });
}

export function identityChanged(scope: Scope, { source, dest }: Pair, now: Now): Move {
  return fail(scope, {
    reason: 'IdentityChanged',
    message: `something else changed the identities during the exchange: ${source.node} has ${now.source ?? 'none'}, ${dest.node} has ${now.dest ?? 'none'}`,
    unsafe: true,
  });
}
