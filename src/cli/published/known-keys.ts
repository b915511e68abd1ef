// Which key a declared node would sign with, as far as the records say it: no Secret is read.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { Desired, KeyReservation } from '../../plan/input.ts';

export interface KnownFrom {
  readonly desired: Pick<Desired, 'nodes'>;
  /** The nodes of all executors before the change. */
  readonly current: readonly BlockchainNode[];
  readonly executor: string;
  /** The Secret that a node signs with since a Switchover, and the node that signed last with a Secret. */
  readonly identities: Readonly<Record<string, string>>;
  readonly signers: Readonly<Record<string, string>>;
  readonly reservations: readonly KeyReservation[];
}

export interface KnownKeys {
  /** By `namespace/name` of the node. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** Those of a Secret that the node does not have yet. */
  readonly fresh: ReadonlyMap<string, readonly string[]>;
}

export function knownKeys(from: KnownFrom): KnownKeys {
  const live = new Map(from.current.map((node) => [keyOf(node), node]));
  const records = indexOf(from);
  const found = [...from.desired.nodes].flatMap(([key, { node }]) => {
    if (node.spec.executor !== from.executor) return [];
    const keys = keysFor(node, live.get(key), { ...from, ...records });
    return keys.length === 0 ? [] : [{ key, keys, isFresh: isFresh(node, live.get(key), from) }];
  });
  return {
    all: new Map(found.map(({ key, keys }) => [key, keys])),
    fresh: new Map(found.filter((one) => one.isFresh).map(({ key, keys }) => [key, keys])),
  };
}

/** Of ten thousand validators none is compared with all others. */
interface Records {
  /** Before the change, by Secret (`namespace/name`). */
  readonly users: ReadonlyMap<string, readonly BlockchainNode[]>;
  /** By `namespace/name` of the node. */
  readonly reserved: ReadonlyMap<string, readonly KeyReservation[]>;
  /** With how many Secrets each node has signed. */
  readonly secretsOf: ReadonlyMap<string, readonly string[]>;
}

function indexOf({ current, identities, reservations, signers }: KnownFrom): Records {
  const secrets = Object.keys(signers).filter((of) => of.includes('/'));
  return {
    users: groupBy(current, (node) => secretOf(node, identities)),
    reserved: groupBy(reservations, ({ node }) => node),
    secretsOf: groupBy(secrets, (of) => signers[of]),
  };
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string | undefined): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name ?? '');
    if (group !== undefined) group.push(item);
    else if (name !== undefined) groups.set(name, [item]);
  }
  return groups;
}

type Known = KnownFrom & Records;

function keysFor(node: BlockchainNode, old: BlockchainNode | undefined, known: Known): readonly string[] {
  const secret = secretOf(node, known.identities);
  if (secret === undefined) return [];
  const before = old === undefined ? undefined : secretOf(old, known.identities);
  const own = before === undefined || before === secret ? recordedFor(known.reserved.get(keyOf(node))) : [];
  return [...new Set([...own, ...keysOfUsers(secret, keyOf(node), known)])];
}

/** The executor does not have the node, or the node does not have the Secret. */
function isFresh(node: BlockchainNode, old: BlockchainNode | undefined, { executor, identities }: KnownFrom): boolean {
  return (
    old === undefined || old.spec.executor !== executor || secretOf(old, identities) !== secretOf(node, identities)
  );
}

function keysOfUsers(secret: string, own: string, known: Known): readonly string[] {
  const { users, signers, secretsOf, executor } = known;
  const others = (users.get(secret) ?? []).filter((node) => keyOf(node) !== own);
  const ofUsers = others.flatMap((node) => recordedFor(reservedBy(keyOf(node), node.spec.executor, known)));
  const last = signers[secret];
  // A node that has signed with other Secrets too may have had another key with each.
  if (last === undefined || last === '' || secretsOf.get(last)?.length !== 1) return ofUsers;
  return [...ofUsers, ...recordedFor(reservedBy(last, executor, known))];
}

function reservedBy(
  node: string,
  executor: string | undefined,
  { reserved }: Records,
): readonly KeyReservation[] | undefined {
  return reserved.get(node)?.filter((one) => one.executor === executor);
}

/** The keys that the node has reserved; else the one that it released last. */
function recordedFor(its: readonly KeyReservation[] = []): readonly string[] {
  const held = its.filter(({ isHeld }) => isHeld).map(({ key }) => key);
  if (held.length > 0) return held;
  const [last] = its.toSorted((a, b) => (a.since < b.since ? 1 : -1));
  return last === undefined ? [] : [last.key];
}

function secretOf(node: BlockchainNode, identities: Readonly<Record<string, string>>): string | undefined {
  const name = identities[keyOf(node)] ?? node.spec.identity?.secretName;
  return name === undefined ? undefined : `${node.metadata.namespace}/${name}`;
}
