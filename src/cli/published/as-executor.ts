// What the files of two revisions and the status branch say to one executor, whose cluster is not asked.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { Desired, KeyReservation, PlanFacts } from '../../plan/input.ts';
import type { MovedKeys } from '../../plan/moved-keys.ts';
import type { PublishedSigning } from './keys.ts';
import { type KnownKeys, knownKeys } from './known-keys.ts';
import { reservationsOf } from './reservations.ts';

interface Compared {
  readonly desired: Desired;
  /** As the older revision declares them, for all executors. */
  readonly current: readonly BlockchainNode[];
  readonly facts: PlanFacts;
}

/** Nodes that move to the executor are new there, whether or not it shares a cluster with the old one. */
export function asExecutor<T extends Compared>(
  compared: T,
  executor: string,
  published: PublishedSigning | undefined,
): T {
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
  const keys = published === undefined ? NOTHING_KNOWN : keyFacts({ ...compared, published, executor, here });
  return { ...compared, current: here, facts: { ...facts, arrivals, ...keys } };
}

const NOTHING_KNOWN: PlanFacts = { keys: new Map() };

interface Published extends Compared {
  readonly published: PublishedSigning;
  readonly executor: string;
  /** Of `current`: the nodes that the executor may have already. */
  readonly here: readonly BlockchainNode[];
}

function keyFacts(scene: Published): PlanFacts {
  const { desired, current, published, executor } = scene;
  const { identities = {}, signers = {} } = published.memories.get(executor) ?? {};
  const approvals = new Set(desired.fleet.approvals?.map(({ digest }) => digest));
  const reservations = reservationsOf({ executor, published: published.keys, approvals }) ?? [];
  const known = knownKeys({ desired, current, executor, identities, signers, reservations });
  return {
    identities: new Map(Object.entries(identities)),
    signers: new Map(Object.entries(signers)),
    reservations,
    keys: known.all,
    newKeys: known.fresh,
    movedKeys: movedKeys(scene, { known, signers, reservations }),
  };
}

interface Records {
  readonly known: KnownKeys;
  readonly signers: Readonly<Record<string, string>>;
  readonly reservations: readonly KeyReservation[];
}

/**
 * Of the nodes that start by this change on volumes on which they have signed: their keys, when these have signed elsewhere
 * since.
 */
function movedKeys(
  { desired, here, executor }: Published,
  { known, signers, reservations }: Records,
): ReadonlyMap<string, MovedKeys> {
  const before = new Map(here.filter(({ spec }) => spec.executor === executor).map((node) => [keyOf(node), node]));
  return new Map(
    [...known.all].flatMap(([node, keys]): [string, MovedKeys][] => {
      if (desired.nodes.get(node)?.node.spec.desiredState !== 'Running') return [];
      const old = before.get(node);
      const starts =
        old === undefined ? keys.some((key) => signers[key] === node) : old.spec.desiredState === 'Stopped';
      const signer = starts ? signerElsewhere({ node, keys, executor }, { signers, reservations }) : undefined;
      return signer === undefined ? [] : [[node, { signer, keys }]];
    }),
  );
}

/** A key that is still reserved by another node has a hold of its own. */
function signerElsewhere(
  { node, keys, executor }: { readonly node: string; readonly keys: readonly string[]; readonly executor: string },
  { signers, reservations }: Pick<Records, 'signers' | 'reservations'>,
): string | undefined {
  const isOwn = (one: KeyReservation): boolean => one.executor === executor && one.node === node;
  const its = reservations.filter(({ key }) => keys.includes(key));
  if (its.some((one) => one.isHeld && !isOwn(one))) return undefined;
  const here = keys.map((key) => signers[key]).find((signer) => signer !== undefined && signer !== node);
  if (here !== undefined) return here;
  const [last] = its.toSorted((a, b) => (a.since < b.since ? 1 : -1));
  return last === undefined || last.executor === executor ? undefined : `${last.node} of executor ${last.executor}`;
}
