// The exchange of two identities: absolute values only, from the originals on record, never both nodes on one key.

import type { JobTarget } from '../api/job-status.ts';
import { DEADLINE } from './deadlines.ts';
import type { Effect } from './effect.ts';
import { fit } from './names.ts';
import { elapsed, enter, fail, stay, viewOf, type Move, type Scope } from './scope.ts';

/**
 * Both nodes are stopped. Managed nodes: one write sets both. Other tools' StatefulSets are two objects, so the first
 * is pointed at nothing before the second takes its key: whoever starts them in between starts one signer at most.
 * Every step follows from what is seen, so it may be interrupted and repeated anywhere.
 */
export function exchange(scope: Scope): Move {
  const [source, dest] = viewOf(scope).targets;
  if (source?.identity === undefined || dest?.identity === undefined)
    return fail(scope, {
      reason: 'NoIdentity',
      message: 'the identities before the exchange are not on record',
      unsafe: false,
    });
  const pair = { source, dest, a: source.identity, b: dest.identity };
  const now = { source: scope.seen.identities.get(source.node), dest: scope.seen.identities.get(dest.node) };
  if (now.source === pair.b && now.dest === pair.a)
    return enter(scope, { phase: 'Verifying', message: `${source.node} has ${pair.b}, ${dest.node} has ${pair.a}` });
  const step = source.deployMethod === 'managed' ? assign(pair) : repoint(pair, now);
  if (step === undefined)
    return fail(scope, {
      reason: 'IdentityChanged',
      message: `something else changed the identities during the exchange: ${source.node} has ${now.source ?? 'none'}, ${dest.node} has ${now.dest ?? 'none'}`,
      unsafe: true,
    });
  if (elapsed(scope) > DEADLINE.exchange) return tooLong(scope, pair, now);
  return stay(scope, `exchanges the identities of ${source.node} and ${dest.node}`, { effects: [step] });
}

interface Pair {
  readonly source: JobTarget;
  readonly dest: JobTarget;
  readonly a: string;
  readonly b: string;
}

interface Now {
  readonly source: string | undefined;
  readonly dest: string | undefined;
}

function assign({ source, dest, a, b }: Pair): Effect {
  return {
    do: 'setIdentities',
    assignments: [
      { node: source.node, identity: b },
      { node: dest.node, identity: a },
    ],
    because: `Switchover of ${source.node} and ${dest.node}`,
  };
}

/** source: a → nothing; dest: b → a; source: nothing → b. Undefined when it is none of these states. */
function repoint({ source, dest, a, b }: Pair, now: Now): Effect | undefined {
  const nothing = placeholderOf(source.node);
  if (now.source === a && now.dest === b) return point(source, nothing);
  if (now.source === nothing && now.dest === b) return point(dest, a);
  if (now.source === nothing && now.dest === a) return point(source, b);
  return undefined;
}

function point({ node, workload, identityVolume = '' }: JobTarget, configMap: string): Effect {
  return { do: 'setAccountVolume', node, workload, volume: identityVolume, configMap };
}

/** A ConfigMap that does not exist: a pod that needs it can't start. */
export function placeholderOf(node: string): string {
  return fit(`${node}-being-exchanged`, 63);
}

function tooLong(scope: Scope, { a, b }: Pair, now: Now): Move {
  const untouched = now.source === a && now.dest === b;
  return fail(scope, {
    reason: 'DeadlineExceeded',
    message: untouched
      ? 'the exchange could not be written within 10 minutes; nothing was exchanged'
      : 'the exchange could not be finished within 10 minutes',
    unsafe: !untouched,
  });
}
