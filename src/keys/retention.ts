// What is remembered of others: room for it is limited, and who may only write the status branch must not fill it for good.

import type { KeyEntry } from './document.ts';
import type { ForeignKey, KeyMemory, OwnKey, Signer } from './memory.ts';

/**
 * Characters of what is remembered of others. The ConfigMap holds 1 MiB: the rest is for the keys of this controller, for its jobs
 * and for all else.
 */
export const MAX_FOREIGN = 400_000;

/** Quotes, names of members and separators of an entry. */
const PUNCTUATION = 64;

/**
 * Characters of all that is remembered of this controller's own keys, up to which entries of its file are adopted: someone else may
 * have written them.
 */
const MAX_ADOPTED = 300_000;

export interface Followed {
  /**
   * The executors whose reservations are remembered, of any key: those that the Fleet lists, else those that its nodes name. One that
   * was followed once and of which something is remembered stays so: those who may merge cannot end a reservation by removing its
   * executor from the Fleet. Undefined: all.
   */
  readonly followed: readonly string[] | undefined;
  /** Digests of keys that this cluster has or had: a reservation of such a key is remembered of any executor. */
  readonly known: ReadonlySet<string>;
}

interface Place {
  /** `executor digest` */
  readonly id: string;
  readonly owner: string;
  readonly key: string;
}

export interface Retention {
  /** What to remember of a reservation; undefined for nothing, also when there is no room for it. */
  foreign(place: Place, now: ForeignKey, before: ForeignKey | undefined): ForeignKey | undefined;
  /** The same for the last signer of a key. */
  signed(entry: KeyEntry, since: string, before: Signer | undefined): Signer | undefined;
  /** What stays of the last signers that are remembered. */
  stillSigned(signed: KeyMemory['signed']): KeyMemory['signed'];
  /** Executors of which something found no room. */
  readonly crowded: ReadonlySet<string>;
}

/** Of one decision. What is remembered already takes its room. */
export function createRetention({ foreign, signed }: KeyMemory, { followed, known }: Followed): Retention {
  const trusted = followed === undefined ? undefined : new Set([...followed, ...followedBefore({ foreign, signed })]);
  const crowded = new Set<string>();
  let left = MAX_FOREIGN - sizeOfForeign({ foreign, signed });

  /** True when it may be remembered and there is room for it. */
  function takes(owner: string, more: number): boolean {
    if (more > 0 && more > left) {
      crowded.add(owner);
      return false;
    }
    left -= more;
    return true;
  }
  const isTrusted = (owner: string): boolean => trusted?.has(owner) !== false;

  return {
    crowded,
    foreign({ id, owner, key }, { node, since, seal }, before) {
      const isFree = !isTrusted(owner);
      // What is on the branch is read there again, as long as the key is of no use here.
      if (isFree && !known.has(key)) return undefined;
      const next = { node, since, seal, ...(isFree ? { isUnlisted: true as const } : {}) };
      const more = sizeOfKey(id, next) - (before === undefined ? 0 : sizeOfKey(id, before));
      return takes(owner, more) ? next : before;
    },
    stillSigned: (signers) =>
      Object.fromEntries(
        Object.entries(signers).flatMap(([key, signer]) => {
          const { executor, node, since } = signer;
          if (isTrusted(executor)) return [[key, { executor, node, since }]];
          return known.has(key) ? [[key, signer]] : [];
        }),
      ),
    signed({ executor, key, node }, since, before) {
      const isFree = !isTrusted(executor);
      if (isFree && !known.has(key)) return before;
      const next = { executor, node, since, ...(isFree ? { isUnlisted: true as const } : {}) };
      const more = sizeOfSigner(key, next) - (before === undefined ? 0 : sizeOfSigner(key, before));
      return takes(executor, more) ? next : before;
    },
  };
}

/** Executors that were followed when something of them was remembered. */
export function followedBefore({ foreign, signed }: Pick<KeyMemory, 'foreign' | 'signed'>): readonly string[] {
  const holders = Object.entries(foreign).filter(([, { isUnlisted }]) => isUnlisted !== true);
  const signers = Object.values(signed).filter(({ isUnlisted }) => isUnlisted !== true);
  return [
    ...new Set([...holders.map(([id]) => id.split(' ')[0] ?? ''), ...signers.map(({ executor }) => executor)]),
  ].sort();
}

/** In characters. */
export function sizeOfForeign({ foreign, signed }: Pick<KeyMemory, 'foreign' | 'signed'>): number {
  const sizes = [
    ...Object.entries(foreign).map(([id, one]) => sizeOfKey(id, one)),
    ...Object.entries(signed).map(([key, one]) => sizeOfSigner(key, one)),
  ];
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sizeOfKey(id: string, { node, since, seal }: ForeignKey): number {
  return id.length + node.length + since.length + seal.length + PUNCTUATION;
}

function sizeOfSigner(key: string, { executor, node, since }: Signer): number {
  return key.length + executor.length + node.length + since.length + PUNCTUATION;
}

/** The entries of this controller's file that it does not remember and has room for, reservations first. */
export function adoptable(own: KeyMemory['own'], mine: ReadonlyMap<string, KeyEntry>): readonly KeyEntry[] {
  const news = [...mine.values()].filter(({ key }) => own[key] === undefined);
  if (news.length === 0) return [];
  let left = MAX_ADOPTED - Object.entries(own).reduce((sum, [key, one]) => sum + sizeOfOwn(key, one), 0);
  const inOrder = [...news.filter(({ state }) => state === 'Reserved'), ...news.filter(({ state }) => state !== 'Reserved')]; // prettier-ignore
  return inOrder.filter((entry) => {
    left -= sizeOfOwn(entry.key, entry);
    return left >= 0;
  });
}

function sizeOfOwn(
  key: string,
  { node, since, state, seal, root = '' }: Pick<OwnKey, 'node' | 'since' | 'state' | 'seal' | 'root'>,
): number {
  return key.length + node.length + since.length + state.length + seal.length + root.length + PUNCTUATION;
}
