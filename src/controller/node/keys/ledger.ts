// The key reservations on the status branch: what this controller requests and gives back, and what others hold.

import { type Circumstances, type Decision, decide, isReservedFor } from '../../../keys/decide.ts';
import { type KeyFiles, keysDocument, type KeysDocument } from '../../../keys/document.ts';
import { approvalOf, type Holder } from '../../../keys/foreign.ts';
import type { KeyMemory } from '../../../keys/memory.ts';
import { prepareKeys } from '../../../keys/prepare.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import type { KeyReservation } from '../../../plan/input.ts';
import type { Memory } from '../../engine/memory.ts';

export type KeyAnswer =
  | { readonly is: 'reserved' }
  /** The next push decides. */
  | { readonly is: 'pending' }
  | { readonly is: 'refused'; readonly holders: ReadonlyMap<string, Holder> };

export interface KeyLedger {
  /** Whether a pod of the node may start with these keys. */
  answer(nodeKey: string, keys: readonly string[]): KeyAnswer;
  /** Who else holds these keys, by the digest of each. */
  heldElsewhere(keys: readonly string[]): ReadonlyMap<string, Holder>;
  /** Keys that are reserved here, and by whom else: someone wrote to the branch what is not so. */
  readonly contested: ReadonlyMap<string, Holder>;
  /** The approvals that overrule a reservation, with the executor that has it. */
  overruled(): ReadonlyMap<string, string>;
  /** Whether a request waits for another executor. */
  readonly isWaiting: boolean;
  /** Reserved keys and their nodes, as they are remembered. */
  reserved(): readonly { readonly key: string; readonly node: string }[];
  /** Begins a push. From here on no pod starts with a key that is given back. */
  begin(round: KeyRound): Promise<void>;
  /** Whether the push has something to say or to ask. */
  isDue(round: KeyRound): boolean;
  /** On the tip that the push builds on; the last call counts. Gives the content of the file. */
  decide(tip: KeyFiles, round: KeyRound): KeysDocument;
  /** The push landed with what was decided last. Whether that changes anything for nodes. */
  landed(round: KeyRound): Promise<boolean>;
  /** Keys of other executors, held or not, for the plan. */
  foreign(): readonly KeyReservation[];
}

/** The same facts for all steps of one push. */
export interface KeyRound extends Circumstances {
  /** Keys that nothing in this cluster can sign with any more. */
  readonly given: ReadonlySet<string>;
}

export interface KeyLedgerDeps {
  readonly memory: Pick<Memory, 'current' | 'save'>;
  /** Without a status branch nothing is reserved there, and each cluster stands for itself. */
  readonly isShared: boolean;
  /** 32 random bytes as hex. */
  readonly newRoot: () => string;
}

const NONE = { refused: new Map(), contested: new Map(), overruled: new Map() } as const;

export function createKeyLedger({ memory, isShared, newRoot }: KeyLedgerDeps): KeyLedger {
  let last: Pick<Decision, 'refused' | 'contested' | 'overruled'> = NONE;
  let givingBack: ReadonlySet<string> = new Set();
  let decided: Decision | undefined;
  let published: KeysDocument | undefined;
  let approvals: ReadonlySet<string> = new Set();

  function answer(nodeKey: string, keys: readonly string[]): KeyAnswer {
    if (!isShared) return { is: 'reserved' };
    const open = keys.filter((key) => givingBack.has(key) || !isReservedFor(memory.current.keys, key, nodeKey));
    const holders = new Map([...last.refused].filter(([key]) => open.includes(key)));
    if (holders.size > 0) return { is: 'refused', holders };
    return open.length === 0 ? { is: 'reserved' } : { is: 'pending' };
  }

  return {
    answer,
    heldElsewhere: (keys) => holdersOf(keys, memory.current.keys),
    get contested() {
      return last.contested;
    },
    overruled: () => last.overruled,
    get isWaiting() {
      return last.refused.size > 0;
    },
    reserved: () => reservedIn(memory.current.keys),
    async begin(round) {
      givingBack = round.given;
      await memory.save(({ keys }) => ({ keys: prepareKeys(keys, { ...round, newRoot }) }));
      givingBack = new Set();
    },
    isDue: (round) =>
      !sameJson(published, keysDocument(round.executor, memory.current.keys)) ||
      !sameJson([...approvals], [...round.approvals]) ||
      [...round.wanted].some(([key, node]) => answer(node, [key]).is === 'pending'),
    decide(tip, round) {
      decided = decide(memory.current.keys, tip, round);
      return decided.document;
    },
    async landed(round) {
      if (decided === undefined) return false;
      const { memory: keys, document } = decided;
      const isChanged = !sameJson([memory.current.keys, [...last.refused]], [keys, [...decided.refused]]);
      await memory.save(() => ({ keys }));
      last = decided;
      published = document;
      approvals = round.approvals;
      return isChanged;
    },
    foreign: () => foreignIn(memory.current.keys),
  };
}

function reservedIn({ own }: KeyMemory): readonly { readonly key: string; readonly node: string }[] {
  return Object.entries(own).flatMap(([key, { state, node }]) => (state === 'Reserved' ? [{ key, node }] : []));
}

function holdersOf(keys: readonly string[], { foreign }: KeyMemory): ReadonlyMap<string, Holder> {
  return new Map(
    Object.entries(foreign).flatMap(([id, { node, since, seal }]): [string, Holder][] => {
      const [executor = '', key = ''] = id.split(' ');
      const approval = approvalOf(executor, key, seal);
      return keys.includes(key) ? [[key, { executor, node, since, how: 'Reserved', approval }]] : [];
    }),
  );
}

/** One that is overruled is not remembered. */
function foreignIn({ foreign, signed }: KeyMemory): readonly KeyReservation[] {
  const held = Object.entries(foreign).map(([id, { node, since, seal }]) => {
    const [executor = '', key = ''] = id.split(' ');
    return { key, executor, node, since, isHeld: true, approval: approvalOf(executor, key, seal) };
  });
  const before = Object.entries(signed).map(([key, signer]) => ({ key, ...signer, isHeld: false }));
  return [...held, ...before];
}
