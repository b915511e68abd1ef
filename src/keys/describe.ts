// Why a node waits for its signing key, and what to do.

import { assertNever } from '../lib/assert-never.ts';
import type { Holder } from './foreign.ts';

export function describeHolder(key: string, holder: Holder): string {
  const { executor, node = '', since = '' } = holder;
  const held = `Executor ${executor} has reserved the signing key ${shortKey(key)} for its node ${node} since ${since}`;
  const stop = `Stop or delete ${node} there; this node starts when ${executor} has released the key`;
  switch (holder.how) {
    case 'Reserved':
      return `${held}. ${stop}. ${overrule(holder)}`;
    case 'Vanished':
      return `${held}, and its entry is gone from the status branch although the key was not released. ${stop}. ${overrule(holder)}`;
    case 'Unproven':
      return `${held}. The status branch says that the key is released, without the proof that only ${executor} has. ${stop}. ${overrule(holder)}`;
    case 'Unreadable':
      return `The file ${executor}/keys.yaml of the status branch cannot be read, so that ${executor} may have reserved the signing key ${shortKey(key)}. The controller of ${executor} writes it again; this node starts after that.`;
    default:
      return assertNever(holder.how);
  }
}

function overrule({ executor, approval = '' }: Holder): string {
  return `If ${executor} is gone for good and nothing can sign with this key any more, add the approval ${approval} to spec.approvals in fleet.yaml.`;
}

/** Enough to find it in keys.yaml. */
export function shortKey(key: string): string {
  return key.slice(0, 'sha256:'.length + 12);
}
