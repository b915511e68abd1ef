// What the files of two revisions and the status branch say to one executor, whose cluster is not asked.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { Desired, KeyReservation, PlanFacts } from '../../plan/input.ts';
import type { MovedKeys } from '../../plan/moved-keys.ts';

interface Compared {
  readonly desired: Desired;
  /** As the older revision declares them, for all executors. */
  readonly current: readonly BlockchainNode[];
  readonly facts: PlanFacts;
}

/** Nodes that move to the executor are new there, whether or not it shares a cluster with the old one. */
export function asExecutor<T extends Compared>(compared: T, executor: string): T {
  const { desired, current, facts } = compared;
  const arrivals = new Map(
    current.flatMap((node): [string, string][] => {
      const key = keyOf(node);
      const from = node.spec.executor;
      const to = desired.nodes.get(key)?.node.spec.executor;
      return from === undefined || from === executor || to !== executor ? [] : [[key, from]];
    }),
  );
  const here = current.filter((node) => !arrivals.has(keyOf(node)));
  const movedKeys = keysMovedTo(executor, { ...compared, current: here });
  return { ...compared, current: here, facts: { ...facts, arrivals, movedKeys } };
}

/** Of the nodes that start by this change: their keys, when another executor has released them since they signed here. */
function keysMovedTo(executor: string, { desired, current, facts }: Compared): ReadonlyMap<string, MovedKeys> {
  const stopped = current.filter(({ spec }) => spec.executor === executor && spec.desiredState === 'Stopped');
  return new Map(
    stopped.flatMap((node): [string, MovedKeys][] => {
      const key = keyOf(node);
      const next = desired.nodes.get(key)?.node.spec;
      if (next?.executor !== executor || next.desiredState !== 'Running') return [];
      const moved = movedKeys(key, executor, facts.reservations ?? []);
      return moved === undefined ? [] : [[key, moved]];
    }),
  );
}

/** A key that is still reserved elsewhere has a hold of its own. */
function movedKeys(key: string, executor: string, all: readonly KeyReservation[]): MovedKeys | undefined {
  const own = all.filter((one) => one.node === key);
  const last = own.toSorted((a, b) => (a.since < b.since ? 1 : -1)).find((one) => !one.isHeld || one.executor === executor); // prettier-ignore
  if (last === undefined || last.executor === executor) return undefined;
  const keys = own.filter((one) => one.executor === last.executor).map((one) => one.key);
  return { signer: `${key} of executor ${last.executor}`, keys };
}
