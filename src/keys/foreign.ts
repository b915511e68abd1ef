// Which keys other controllers hold, even if someone edits the branch by hand.

import { finish } from '../lib/finish.ts';
import { digestOf } from '../lib/hash.ts';
import type { KeyEntry, PublishedKeys } from './document.ts';
import type { ForeignKey } from './memory.ts';
import type { Retention } from './retention.ts';
import { stepsBetween } from './seal.ts';

export interface Holder {
  readonly executor: string;
  /** `namespace/name`; absent when the file of the executor cannot be read. */
  readonly node?: string;
  readonly since?: string;
  /**
   * `Vanished`: its entry is gone although the executor has not released the key. `Unproven`: the entry says that it is
   * released, and lacks the proof. `Unreadable`: its file cannot be read.
   */
  readonly how: 'Reserved' | 'Vanished' | 'Unproven' | 'Unreadable';
  /** The approval in fleet.yaml that overrules this reservation. */
  readonly approval?: string;
  /** The Fleet lists executors, and not this one. Of one whose file cannot be read. */
  readonly isUnlisted?: true;
  /** It may be in order: what all executors have written, or what is to be remembered of them, is too much together. */
  readonly isBeyond?: true;
}

export interface Foreign {
  /** To be remembered, by `executor digest`. */
  readonly remembered: Readonly<Record<string, ForeignKey>>;
  /** By digest; a list, because a key may be held twice. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>;
  /** Who may hold any key. */
  readonly unreadable: readonly Holder[];
  /** The approvals that overrule a reservation, with the executor that has it. */
  readonly overruled: ReadonlyMap<string, string>;
}

export interface Seen {
  readonly executor: string;
  readonly remembered: Readonly<Record<string, ForeignKey>>;
  readonly approvals: ReadonlySet<string>;
  readonly tip: PublishedKeys;
  /** As the Fleet lists them; undefined or empty when it lists none. */
  readonly executors?: readonly string[] | undefined;
  /** What is remembered of it; everything unless given. */
  readonly retention?: Retention;
}

/** What is held by others now, from the branch and from what was seen of it before. */
export function observeForeign(seen: Seen): Foreign {
  return finish(observeForeignInSteps(seen));
}

export function* observeForeignInSteps(seen: Seen): Generator<void, Foreign> {
  const { remembered, tip } = seen;
  const entries = new Map(tip.entries.map((one) => [idOf(one), one]));
  const next: Record<string, ForeignKey> = {};
  const holders = new Map<string, Holder[]>();
  const overruled = new Map<string, string>();
  // What is remembered comes first: it makes room, and nothing new takes its place.
  for (const id of new Set([...Object.keys(remembered), ...entries.keys()])) {
    yield;
    const place = placeOf(id);
    const found = observe(place, entries.get(id), seen);
    if (found === undefined) continue;
    if (found.kept !== undefined) next[id] = found.kept;
    if (found.holder !== undefined) holders.set(place.key, [...(holders.get(place.key) ?? []), found.holder]);
    if (found.overruled !== undefined) overruled.set(found.overruled, place.owner);
  }
  return { remembered: next, holders, unreadable: unreadableOf(seen), overruled };
}

interface Observed {
  readonly kept?: ForeignKey | undefined;
  readonly holder?: Holder;
  /** The approval. */
  readonly overruled?: string;
}

interface Place {
  /** `executor digest` */
  readonly id: string;
  readonly owner: string;
  readonly key: string;
}

function placeOf(id: string): Place {
  const [owner = '', key = ''] = id.split(' ');
  return { id, owner, key };
}

function observe(
  place: Place,
  now: KeyEntry | undefined,
  { executor, remembered, approvals, retention }: Seen,
): Observed | undefined {
  const { id, owner, key } = place;
  const held = follow(remembered[id], now);
  if (held === undefined || owner === executor) return undefined;
  const approval = approvalOf(owner, key, held.known.seal);
  if (approvals.has(approval)) return { overruled: approval };
  const kept = retention === undefined ? held.known : retention.foreign(place, held.known, remembered[id]);
  if (kept === undefined && held.how === 'Vanished') return undefined;
  const { node, since } = held.known;
  return { kept, holder: { executor: owner, node, since, how: held.how, approval } };
}

function unreadableOf({ executor, tip, executors = [] }: Seen): readonly Holder[] {
  return tip.unreadable
    .filter((name) => name !== executor)
    .map((name) => mayHoldAny(name, { executors, isBeyond: tip.beyond.has(name) }));
}

/** An executor of which not every key is known that it has. */
export function mayHoldAny(
  executor: string,
  { executors = [], isBeyond }: Pick<Seen, 'executors'> & { readonly isBeyond: boolean },
): Holder {
  const isUnlisted = executors.length > 0 && !executors.includes(executor);
  return {
    executor,
    how: 'Unreadable',
    ...(isUnlisted ? { isUnlisted } : {}),
    ...(isBeyond ? { isBeyond } : {}),
  };
}

function idOf({ executor, key }: KeyEntry): string {
  return `${executor} ${key}`;
}

/** Names one reservation: the next one of the same key needs another approval. */
export function approvalOf(executor: string, key: string, seal: string): string {
  return digestOf({ reservation: { executor, key, seal } });
}

interface Held {
  readonly known: ForeignKey;
  readonly how: Holder['how'];
}

/** A reservation ends only with a release that its owner has sealed. What was never seen before is believed. */
function follow(known: ForeignKey | undefined, now: KeyEntry | undefined): Held | undefined {
  if (known === undefined) return now?.state === 'Reserved' ? { known: whatIsKnown(now), how: 'Reserved' } : undefined;
  if (now === undefined) return { known, how: 'Vanished' };
  const steps = stepsBetween(known.seal, now.seal);
  const isSealed = steps !== undefined && (steps % 2 === 0) === (now.state === 'Reserved');
  if (!isSealed) return { known, how: now.state === 'Reserved' ? 'Reserved' : 'Unproven' };
  return now.state === 'Released' ? undefined : { known: whatIsKnown(now), how: 'Reserved' };
}

function whatIsKnown({ node, since, seal }: KeyEntry): ForeignKey {
  return { node, since, seal };
}
