// Who may sign with a key: decided on the tip that the push builds on, so that two controllers never both get it.

import { finish } from '../lib/finish.ts';
import {
  createKeysReader,
  type KeyEntry,
  type KeyFiles,
  keysDocument,
  type KeysDocument,
  type KeysReader,
} from './document.ts';
import { type Foreign, type Holder, mayHoldAny, observeForeignInSteps } from './foreign.ts';
import type { KeyMemory, OwnKey } from './memory.ts';
import { adoptable, createRetention, followedBefore, type Retention } from './retention.ts';
import { sealBefore } from './seal.ts';

export interface Circumstances {
  readonly executor: string;
  /** Nodes that this controller would start, by the digests of their keys. Each key has one: the cluster says so. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Digests of `spec.approvals` in fleet.yaml. */
  readonly approvals: ReadonlySet<string>;
  /** Of the Fleet; undefined when it lists none. */
  readonly executors?: readonly string[] | undefined;
  /** See `Followed`. */
  readonly followed?: readonly string[] | undefined;
  /** Digests of keys that have signed in this cluster. */
  readonly known?: ReadonlySet<string> | undefined;
  /** RFC 3339 */
  readonly now: string;
}

export interface Decision {
  /** True once the push has landed. */
  readonly memory: KeyMemory;
  /** Why a requested key is not reserved. */
  readonly refused: ReadonlyMap<string, Holder>;
  /** Keys that are reserved here and that another controller says it holds as well. */
  readonly contested: ReadonlyMap<string, Holder>;
  /** Executors that may hold any key, because not all that they have is known. */
  readonly unreadable: readonly Holder[];
  /** The approvals that overrule a reservation, with the executor that has it. */
  readonly overruled: ReadonlyMap<string, string>;
  /** Content of this controller's file. */
  readonly document: KeysDocument;
}

/** `decideInSteps` without pauses. */
export function decide(memory: KeyMemory, tip: KeyFiles, circumstances: Circumstances): Decision {
  return finish(decideInSteps(memory, tip, { ...circumstances, reader: createKeysReader() }));
}

/** May be called again with another tip after a lost race: only the decision whose push has landed counts. */
export function* decideInSteps(
  memory: KeyMemory,
  tip: KeyFiles,
  { reader, ...circumstances }: Circumstances & { readonly reader: KeysReader },
): Generator<void, Decision> {
  const { executor, followed = [] } = circumstances;
  const published = yield* reader.readInSteps(tip, [executor, ...followed, ...followedBefore(memory)]);
  const retention = createRetention(memory, {
    followed: circumstances.followed,
    known: knownKeys(memory, circumstances),
  });
  const seen = { ...circumstances, remembered: memory.foreign, tip: published, retention };
  const observed = yield* observeForeignInSteps(seen);
  const signed = signedBy(retention.stillSigned(memory.signed), published.entries, { ...circumstances, retention });
  const foreign = withCrowded(observed, retention, circumstances);
  const mine = new Map(published.entries.filter((one) => one.executor === executor).map((one) => [one.key, one]));
  const { own, refused } = decideOwn(
    { ...adopted(adoptable(memory.own, mine)), ...memory.own },
    { mine, foreign },
    circumstances,
  );
  const next = { own, foreign: foreign.remembered, signed };
  const { overruled, unreadable } = foreign;
  const document = keysDocument(executor, next);
  return { memory: next, refused, contested: contestedIn(own, foreign), unreadable, overruled, document };
}

function decideOwn(
  before: KeyMemory['own'],
  { mine, foreign }: { readonly mine: ReadonlyMap<string, KeyEntry>; readonly foreign: Foreign },
  { wanted, now }: Circumstances,
): Pick<Decision, 'refused'> & Pick<KeyMemory, 'own'> {
  const refused = new Map<string, Holder>();
  const own: Record<string, OwnKey> = {};
  for (const [key, one] of Object.entries(before)) {
    const holder = wanted.has(key) && !isHeld(one) ? holderOf(key, foreign) : undefined;
    if (holder !== undefined) refused.set(key, holder);
    const scene = { now, published: mine.get(key), isRefused: holder !== undefined };
    const next = nextOf(one, wanted.get(key), scene);
    if (next !== undefined) own[key] = next;
  }
  return { own, refused };
}

function knownKeys({ own }: KeyMemory, { known = new Set(), wanted }: Circumstances): ReadonlySet<string> {
  return new Set([...known, ...wanted.keys(), ...Object.keys(own)]);
}

/** What cannot be remembered of an executor could vanish unnoticed: it may hold any key, as if its file could not be read. */
function withCrowded(foreign: Foreign, { crowded }: Retention, { executors }: Circumstances): Foreign {
  const names = new Set(foreign.unreadable.map(({ executor }) => executor));
  const more = [...crowded].filter((name) => !names.has(name));
  const holders = more.map((name) => mayHoldAny(name, { executors, isBeyond: true }));
  return { ...foreign, unreadable: [...foreign.unreadable, ...holders] };
}

/** Whether the node may start with the key. */
export function isReservedFor(memory: KeyMemory, key: string, node: string): boolean {
  const one = memory.own[key];
  return one !== undefined && isHeld(one) && one.node === node;
}

/**
 * Of each key the entry that changed last, also of a release. A time to come counts as now: an entry that someone wrote to the
 * branch would otherwise stand before all that others sign from now on.
 */
export function signedBy(
  before: KeyMemory['signed'],
  entries: readonly KeyEntry[],
  { executor, now, retention }: Pick<Circumstances, 'executor' | 'now'> & { readonly retention?: Retention },
): KeyMemory['signed'] {
  const signed = { ...before };
  for (const entry of entries) {
    const known = signed[entry.key];
    const since = entry.since > now ? now : entry.since;
    if (entry.executor === executor || (known !== undefined && known.since >= since)) continue;
    const next =
      retention === undefined
        ? { executor: entry.executor, node: entry.node, since }
        : retention.signed(entry, since, known);
    if (next !== undefined) signed[entry.key] = next;
  }
  return signed;
}

/** Once reserved it stays so until it is released, even if the branch is lost. */
function isHeld({ state, adopted: isAdopted }: OwnKey): boolean {
  return state === 'Reserved' && isAdopted !== true;
}

function holderOf(key: string, { holders, unreadable }: Foreign): Holder | undefined {
  return holders.get(key)?.[0] ?? unreadable[0];
}

function contestedIn(own: KeyMemory['own'], { holders }: Foreign): ReadonlyMap<string, Holder> {
  return new Map(
    Object.entries(own).flatMap(([key, one]): [string, Holder][] => {
      const holder = isHeld(one) ? holders.get(key)?.[0] : undefined;
      return holder === undefined ? [] : [[key, holder]];
    }),
  );
}

/** Entries of this controller that it does not remember: its memory was lost, or someone else wrote them. */
function adopted(entries: readonly KeyEntry[]): Readonly<Record<string, OwnKey>> {
  return Object.fromEntries(entries.map((entry) => [entry.key, adopt(entry)]));
}

function adopt({ node, since, state, seal }: KeyEntry): OwnKey {
  return { node, since, state, seal, step: 0, ...(state === 'Reserved' ? { adopted: true } : {}) };
}

interface Scene {
  readonly now: string;
  /** The entry on the branch. */
  readonly published: KeyEntry | undefined;
  readonly isRefused: boolean;
}

/** The state of one key after the push; undefined for one that was requested, never reserved, and is not any more. */
function nextOf(one: OwnKey, node: string | undefined, scene: Scene): OwnKey | undefined {
  if (one.state === 'Released') return one;
  if (node !== undefined) return scene.isRefused ? refusedKey(one, scene) : reservedKey(one, node, scene.now);
  return one.state === 'Requested' ? withdrawnKey(one, scene) : one;
}

function reservedKey(one: OwnKey, node: string, now: string): OwnKey {
  if (isHeld(one) && one.node === node) return one;
  const { adopted: _, ...rest } = one;
  return { ...rest, node, since: now, state: 'Reserved' };
}

/** An earlier push of the request may have landed unheard, and pods may run with an entry that was forgotten: it stays. */
function refusedKey(one: OwnKey, { published }: Scene): OwnKey {
  if (one.state !== 'Requested' || published?.state !== 'Reserved') return one;
  return published.seal === one.seal ? { ...one, state: 'Reserved', adopted: true } : adopt(published);
}

function withdrawnKey(one: OwnKey, scene: Scene): OwnKey | undefined {
  const after = refusedKey(one, scene);
  if (after !== one) return after;
  if (one.root === undefined || one.step === 0) return undefined;
  return { ...one, step: one.step - 1, seal: sealBefore(one.seal), state: 'Released' };
}
