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
      return describeUnreadable(key, holder);
    default:
      return assertNever(holder.how);
  }
}

function describeUnreadable(key: string, holder: Holder): string {
  const { executor, isUnlisted, isBeyond } = holder;
  if (isBeyond === true) return describeBeyond(key, holder);
  const file = `${executor}/keys.yaml`;
  const why = `The file ${file} of the status branch cannot be read, so that ${executor} may have reserved the signing key ${shortKey(key)}`;
  const remove = `remove ${file} in a commit to the status branch; this node starts after that`;
  return isUnlisted === true
    ? `${why}. fleet.yaml lists no executor ${executor}: no controller writes the file again. Make sure that no node of that name signs with this key, and ${remove}. The history of the file says who wrote it.`
    : `${why}. The controller of ${executor} writes it again; this node starts after that. If there is no such controller, and nothing there can sign with this key, ${remove}.`;
}

function describeBeyond(key: string, { executor, isUnlisted }: Holder): string {
  const file = `${executor}/keys.yaml`;
  const why = `The files keys.yaml of all executors on the status branch are more than this controller reads or remembers, and ${file} found no room: ${executor} may have reserved the signing key ${shortKey(key)}`;
  return isUnlisted === true
    ? `${why}. fleet.yaml lists no executor ${executor}. Make sure that no node of that name signs with this key, and remove the folders of executors that do not exist in a commit to the status branch; this node starts after that. The history of the files says who wrote them.`
    : `${why}. Remove from the status branch the folders of executors that do not exist. If none is left, "The memory is full" in docs/recovery.md says how to see what is remembered, and how to clear it.`;
}

function overrule({ executor, approval = '' }: Holder): string {
  return `If ${executor} is gone for good and nothing can sign with this key any more, add the approval ${approval} to spec.approvals in fleet.yaml.`;
}

/** Enough to find it in keys.yaml. */
export function shortKey(key: string): string {
  return key.slice(0, 'sha256:'.length + 12);
}
