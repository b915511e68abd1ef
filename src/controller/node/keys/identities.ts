// Which Secret each node signs with: the one in its file, unless a Switchover exchanged it.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { keyOf } from '../../../api/objects.ts';
import type { Memory } from '../../engine/memory.ts';
import { createKeyHistory, type KeyHistory } from './key-history.ts';

export interface Identities extends Omit<KeyHistory, 'record'> {
  /** Name of the Secret that the node signs with now. */
  of(node: BlockchainNode): string | undefined;
  /** The node as it must run: with the Secret that it signs with now. */
  effective(node: BlockchainNode): BlockchainNode;
  /** Overrides by `namespace/name`; for plan, status and record. */
  overrides(): ReadonlyMap<string, string>;
  /** All of them in one write, or none. What the keys have signed is on the volumes of their new nodes. */
  assign(assignments: readonly Assignment[]): Promise<void>;
  /**
   * Records, before its first pod starts, which keys the node signs with: by digest, so that a copy of a key is the same key,
   * and by the Secret of its identity, for plans that cannot read it. No request when it is recorded already.
   */
  signs(node: BlockchainNode, keys: readonly string[]): Promise<void>;
  /** Adds records by key to those by Secret alone. `keysIn` gives nothing for a Secret that is gone or has no known key. */
  migrate(keysIn: (secret: string) => Promise<readonly string[]>): Promise<void>;
  /** Which node signed last with each key, see plan/input.ts. */
  signers(): ReadonlyMap<string, string>;
  /**
   * Drops overrides that the nodes' objects now say themselves: Git has caught up. Also those of nodes that are gone: a new
   * node of the same name signs with the Secret in its file.
   */
  settle(nodes: readonly BlockchainNode[], isGone: (nodeKey: string) => boolean): Promise<void>;
}

export interface Assignment {
  readonly nodeKey: string;
  /** Name of the Secret. */
  readonly identity: string;
  /** Digests of the keys in it. */
  readonly keys: readonly string[];
}

/** Stored in the controller's memory in the cluster: a restart must not undo an exchange. */
export function createIdentities(memory: Pick<Memory, 'current' | 'save'>): Identities {
  const secretOf = (node: BlockchainNode): string | undefined =>
    memory.current.identities[keyOf(node)] ?? node.spec.identity?.secretName;
  const { record, ...history } = createKeyHistory(memory);
  return {
    ...history,
    of: secretOf,
    effective(node) {
      const override = memory.current.identities[keyOf(node)];
      return override === undefined ? node : { ...node, spec: { ...node.spec, identity: { secretName: override } } };
    },
    overrides: () => new Map(Object.entries(memory.current.identities)),
    async assign(assignments) {
      const news = Object.fromEntries(assignments.map(({ nodeKey, identity }) => [nodeKey, identity]));
      const moved = assignments.flatMap(({ nodeKey, keys }) => keys.map((key) => [key, nodeKey] as const));
      await memory.save(({ identities, signers }) => ({
        identities: { ...identities, ...news },
        signers: { ...signers, ...Object.fromEntries(moved) },
      }));
    },
    signers: () => new Map(Object.entries(memory.current.signers)),
    async signs(node, keys) {
      const { namespace = '' } = node.metadata;
      const { secretName } = node.spec.identity ?? {};
      const records = secretName === undefined ? keys : [...keys, `${namespace}/${secretName}`];
      await record(keyOf(node), { records, keys });
    },
    async migrate(keysIn) {
      const old = Object.entries(memory.current.signers).filter(([record]) => record.includes('/'));
      const found = await Promise.all(
        old.map(async ([record, signer]) => (await keysIn(record)).map((key) => [key, signer] as const)),
      );
      // A key that has a record of its own keeps it: that is newer.
      await memory.save(({ signers }) => ({ signers: { ...Object.fromEntries(found.flat()), ...signers } }));
    },
    async settle(nodes, isGone) {
      const said = new Map(nodes.map((node) => [keyOf(node), node.spec.identity?.secretName]));
      await memory.save(({ identities }) => ({
        identities: Object.fromEntries(
          Object.entries(identities).filter(
            ([key, identity]) => said.get(key) !== identity && (said.has(key) || !isGone(key)),
          ),
        ),
      }));
    },
  };
}
