// The exchange of two identities: absolute values only, from the originals on record, never both nodes on one key.

import type { JobTarget } from '../../api/job-status.ts';
import { DEADLINE } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { exchangeManaged } from './exchange-managed.ts';
import {
  exchanged,
  identityChanged,
  isExchanged,
  isUntouched,
  nowOf,
  pairOf,
  type Now,
  type Pair,
} from './exchange-pair.ts';
import { fit } from '../model/names.ts';
import { elapsed, fail, stay, type Move, type Scope } from '../model/scope.ts';

/**
 * Both nodes are stopped. Managed nodes: what their keys have signed moves with the keys, then one write sets both
 * identities. Other tools' StatefulSets are two objects, so the first is pointed at nothing before the second takes its
 * key: a start in between starts one signer at most. Every step follows from what is on record and seen, so
 * it may be interrupted and repeated anywhere.
 */
export function exchange(scope: Scope): Move {
  const pair = pairOf(scope);
  if (pair === undefined)
    return fail(scope, {
      reason: 'NoIdentity',
      message: 'the identities before the exchange are not on record',
      unsafe: false,
    });
  return pair.source.deployMethod === 'managed' ? exchangeManaged(scope, pair) : exchangeForeign(scope, pair);
}

function exchangeForeign(scope: Scope, pair: Pair): Move {
  const now = nowOf(scope, pair);
  if (isExchanged(pair, now)) return exchanged(scope, pair);
  const step = repoint(pair, now);
  if (step === undefined) return identityChanged(scope, pair, now);
  if (elapsed(scope) > DEADLINE.exchange) return tooLong(scope, pair, now);
  const { source, dest } = pair;
  return stay(scope, `exchanges the identities of ${source.node} and ${dest.node}`, { effects: [step] });
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

function tooLong(scope: Scope, pair: Pair, now: Now): Move {
  const untouched = isUntouched(pair, now);
  return fail(scope, {
    reason: 'DeadlineExceeded',
    message: untouched
      ? 'the exchange could not be written within 10 minutes; nothing was exchanged'
      : 'the exchange could not be finished within 10 minutes',
    unsafe: !untouched,
  });
}
