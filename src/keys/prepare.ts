// What must be stored before a push, because the push may land although its answer is lost.

import { finish } from '../lib/finish.ts';
import type { KeyMemory, OwnKey } from './memory.ts';
import { CHAIN_LENGTH, sealAt } from './seal.ts';

export interface Preparation {
  /** Nodes that this controller would start, by the digests of their keys. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Keys that nothing in this cluster can sign with any more. */
  readonly given: ReadonlySet<string>;
  /** RFC 3339 */
  readonly now: string;
  /** 32 random bytes as hex. */
  readonly newRoot: () => string;
}

/**
 * Adds requests, and releases what was given back: from here on no pod is started with such a key, and only then others may
 * read that it is released. The same object when nothing changes.
 */
export function prepareKeys(memory: KeyMemory, preparation: Preparation): KeyMemory {
  return finish(prepareKeysInSteps(memory, preparation));
}

/** A chain of seals takes a millisecond. */
export function* prepareKeysInSteps(memory: KeyMemory, preparation: Preparation): Generator<void, KeyMemory> {
  const own: Record<string, OwnKey> = {};
  for (const key of new Set([...Object.keys(memory.own), ...preparation.wanted.keys()])) {
    const next = prepared(key, memory.own[key], preparation);
    if (next !== undefined) own[key] = next;
    yield;
  }
  const isSame = Object.entries(own).every(([key, one]) => memory.own[key] === one);
  return isSame ? memory : { ...memory, own };
}

function prepared(
  key: string,
  one: OwnKey | undefined,
  { wanted, given, now, newRoot }: Preparation,
): OwnKey | undefined {
  const node = wanted.get(key);
  if (node !== undefined && (one === undefined || one.state === 'Released'))
    return { ...nextStep(one, 0, newRoot), node, since: one?.since ?? now, state: 'Requested' };
  if (node !== undefined || one?.state !== 'Reserved' || !given.has(key)) return one;
  return { ...nextStep(one, 1, newRoot), node: one.node, since: now, state: 'Released' };
}

/**
 * Even steps are reservations, odd ones releases. Without the root of the chain a release cannot be proven: who saw the
 * reservation asks for an approval.
 */
function nextStep(
  before: OwnKey | undefined,
  first: 0 | 1,
  newRoot: () => string,
): Pick<OwnKey, 'root' | 'step' | 'seal'> {
  const { root, step } = before ?? { root: undefined, step: 0 };
  if (root !== undefined && step + 1 < CHAIN_LENGTH) return { root, step: step + 1, seal: sealAt(root, step + 1) };
  const fresh = newRoot();
  return { root: fresh, step: first, seal: sealAt(fresh, first) };
}
