// The reservations of all executors as one of them judges them: by what it remembers and by the status branch.

import { signedBy } from '../../keys/decide.ts';
import type { PublishedKeys } from '../../keys/document.ts';
import { observeForeign } from '../../keys/foreign.ts';
import { type KeyMemory, NO_KEYS } from '../../keys/memory.ts';
import type { KeyReservation } from '../../plan/input.ts';

export interface KeyRecords {
  readonly executor: string;
  /** Of the executor, where its cluster is asked. */
  readonly memory?: KeyMemory | undefined;
  /** Of all executors, where the status branch is read. */
  readonly published?: PublishedKeys | undefined;
  /** Digests of `spec.approvals` in fleet.yaml. */
  readonly approvals: ReadonlySet<string>;
}

const NO_BRANCH: PublishedKeys = { entries: [], unreadable: [], beyond: new Set() };

/** Undefined where neither is known. A reservation that an approval overrules counts as released. */
export function reservationsOf(records: KeyRecords): readonly KeyReservation[] | undefined {
  const { executor, memory, published, approvals } = records;
  if (memory === undefined && published === undefined) return undefined;
  const tip = published ?? NO_BRANCH;
  const { holders } = observeForeign({ executor, remembered: (memory ?? NO_KEYS).foreign, approvals, tip });
  const held = [...holders].flatMap(([key, all]) =>
    all.map(({ executor: holder, node = '', since = '', approval }): KeyReservation => ({
      key,
      executor: holder,
      node,
      since,
      isHeld: true,
      approval,
    })),
  );
  const signed = signedBy((memory ?? NO_KEYS).signed, tip.entries, { executor, now: new Date().toISOString() });
  const before = Object.entries(signed).map(([key, signer]) => ({ key, ...signer, isHeld: false }));
  return [...held, ...before, ...ownOf(records)];
}

/** The memory in the cluster is newer than the branch. */
function ownOf({ executor, memory, published }: KeyRecords): readonly KeyReservation[] {
  if (memory !== undefined)
    return Object.entries(memory.own)
      .filter(([, { state }]) => state !== 'Requested')
      .map(([key, { node, since, state }]) => ({ key, executor, node, since, isHeld: state === 'Reserved' }));
  return (published ?? NO_BRANCH).entries
    .filter((one) => one.executor === executor)
    .map(({ key, node, since, state }) => ({ key, executor, node, since, isHeld: state === 'Reserved' }));
}
