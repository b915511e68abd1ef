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
  const found = [...from.desired.nodes].flatMap(([key, { node }]) => {
    if (node.spec.executor !== from.executor) return [];
    const keys = keysFor(node, live.get(key), from);
    return keys.length === 0 ? [] : [{ key, keys, isFresh: isFresh(node, live.get(key), from) }];
  });
  return {
    all: new Map(found.map(({ key, keys }) => [key, keys])),
    fresh: new Map(found.filter((one) => one.isFresh).map(({ key, keys }) => [key, keys])),
  };
}

function keysFor(node: BlockchainNode, old: BlockchainNode | undefined, from: KnownFrom): readonly string[] {
  const secret = secretOf(node, from.identities);
  if (secret === undefined) return [];
  const before = old === undefined ? undefined : secretOf(old, from.identities);
  const own = before === undefined || before === secret ? recordedFor(keyOf(node), from.reservations) : [];
  return [...new Set([...own, ...keysOfUsers(secret, keyOf(node), from)])];
}

/** The executor does not have the node, or the node does not have the Secret. */
function isFresh(node: BlockchainNode, old: BlockchainNode | undefined, { executor, identities }: KnownFrom): boolean {
  return (
    old === undefined || old.spec.executor !== executor || secretOf(old, identities) !== secretOf(node, identities)
  );
}

function keysOfUsers(secret: string, own: string, from: KnownFrom): readonly string[] {
  const { current, reservations, identities, signers, executor } = from;
  const users = current.filter((node) => keyOf(node) !== own && secretOf(node, identities) === secret);
  const ofUsers = users.flatMap((node) => recordedFor(keyOf(node), ofExecutor(reservations, node.spec.executor)));
  const last = signers[secret];
  // A node that has signed with other Secrets too may have had another key with each.
  const isOnly = Object.entries(signers).filter(([of, node]) => of.includes('/') && node === last).length === 1;
  return last === undefined || last === '' || !isOnly
    ? ofUsers
    : [...ofUsers, ...recordedFor(last, ofExecutor(reservations, executor))];
}

/** The keys that the node has reserved; else the one that it released last. */
function recordedFor(node: string, all: readonly KeyReservation[]): readonly string[] {
  const its = all.filter((one) => one.node === node);
  const held = its.filter(({ isHeld }) => isHeld).map(({ key }) => key);
  if (held.length > 0) return held;
  const [last] = its.toSorted((a, b) => (a.since < b.since ? 1 : -1));
  return last === undefined ? [] : [last.key];
}

function ofExecutor(all: readonly KeyReservation[], executor: string | undefined): readonly KeyReservation[] {
  return all.filter((one) => one.executor === executor);
}

function secretOf(node: BlockchainNode, identities: Readonly<Record<string, string>>): string | undefined {
  const name = identities[keyOf(node)] ?? node.spec.identity?.secretName;
  return name === undefined ? undefined : `${node.metadata.namespace}/${name}`;
}
