// The key reservations on the status branch: what this controller requests and gives back, and what others hold.

import { type Circumstances, type Decision, decideInSteps, isReservedFor } from '../../../keys/decide.ts';
import {
  createKeysReader,
  type KeyFiles,
  keysDocument,
  type KeysDocument,
  type KeysReader,
} from '../../../keys/document.ts';
import { approvalOf, type Holder } from '../../../keys/foreign.ts';
import type { KeyMemory } from '../../../keys/memory.ts';
import { prepareKeysInSteps } from '../../../keys/prepare.ts';
import { sameJson } from '../../../lib/stable-json.ts';
import type { KeyReservation } from '../../../plan/input.ts';
import type { Memory, Remembered } from '../../engine/memory.ts';
import { runYielding } from '../../engine/run-yielding.ts';

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
  /** Executors that may hold any key: no new one is reserved here. */
  readonly unreadable: readonly Holder[];
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
  decide(tip: KeyFiles, round: KeyRound): Promise<KeysDocument>;
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

const NONE = { refused: new Map(), contested: new Map(), unreadable: [], overruled: new Map() } as const;

export function createKeyLedger({ memory, isShared, newRoot }: KeyLedgerDeps): KeyLedger {
  const reader = createKeysReader();
  let last: Pick<Decision, 'refused' | 'contested' | 'unreadable' | 'overruled'> = NONE;
  let givingBack: ReadonlySet<string> = new Set();
  let decided: Decision | undefined;
  let published: KeysDocument | undefined;
  let approvals: ReadonlySet<string> = new Set();

  function answer(nodeKey: string, keys: readonly string[]): KeyAnswer {
    if (!isShared) return { is: 'reserved' };
    const open = keys.filter((key) => givingBack.has(key) || !isReservedFor(memory.current.keys, key, nodeKey));
    return answerFor(open, last.refused);
  }

  return {
    answer,
    heldElsewhere: (keys) => holdersOf(keys, memory.current.keys),
    get contested() {
      return last.contested;
    },
    get unreadable() {
      return last.unreadable;
    },
    overruled: () => last.overruled,
    get isWaiting() {
      return last.refused.size > 0;
    },
    reserved: () => reservedIn(memory.current.keys),
    async begin(round) {
      givingBack = round.given;
      // No other part saves reservations.
      const keys = await runYielding(prepareKeysInSteps(memory.current.keys, { ...round, newRoot }));
      await memory.save(() => ({ keys }));
      givingBack = new Set();
    },
    isDue: (round) =>
      !sameJson([published, [...approvals]], [documentOf(memory.current, round), [...round.approvals]]) ||
      [...round.wanted].some(([key, node]) => answer(node, [key]).is === 'pending'),
    async decide(tip, round) {
      decided = await decideOn(memory.current, tip, { ...round, reader });
      return decided.document;
    },
    async landed(round) {
      if (decided === undefined) return false;
      const { memory: keys, document } = decided;
      const isChanged = !sameJson([memory.current.keys, [...last.refused]], [keys, [...decided.refused]]);
      await memory.save(() => ({ keys }));
      [last, published, approvals] = [decided, document, round.approvals];
      return isChanged;
    },
    foreign: () => foreignIn(memory.current.keys),
  };
}

function documentOf({ keys }: Remembered, { executor }: KeyRound): KeysDocument {
  return keysDocument(executor, keys);
}

function answerFor(open: readonly string[], refused: ReadonlyMap<string, Holder>): KeyAnswer {
  const holders = new Map([...refused].filter(([key]) => open.includes(key)));
  if (holders.size > 0) return { is: 'refused', holders };
  return open.length === 0 ? { is: 'reserved' } : { is: 'pending' };
}

async function decideOn(
  { keys, signers, accepted }: Remembered,
  tip: KeyFiles,
  round: KeyRound & { readonly reader: KeysReader },
): Promise<Decision> {
  const known = new Set([...Object.keys(signers), ...Object.keys(accepted)]);
  return await runYielding(decideInSteps(keys, tip, { ...round, known }));
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
