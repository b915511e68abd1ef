// Which Secret each node signs with: what its file says, unless a Switchover exchanged it.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { Memory } from '../engine/memory.ts';

export interface Identities {
  /** The Secret in force, by name. */
  of(node: BlockchainNode): string | undefined;
  /** The node as it must run: with the identity in force. */
  effective(node: BlockchainNode): BlockchainNode;
  /** Overrides by `namespace/name`; for plan, status and record. */
  overrides(): ReadonlyMap<string, string>;
  /** All of them in one write, or none. */
  assign(assignments: readonly { readonly nodeKey: string; readonly identity: string }[]): Promise<void>;
  /** Writes down, before its first pod starts, that the node signs with the key in its Secret. Costs nothing when it does already. */
  signs(node: BlockchainNode): Promise<void>;
  /** What signed last with the key in each Secret, see plan/input.ts. */
  signers(): ReadonlyMap<string, string>;
  /** The node's volumes go, and the record of what it signed with them. */
  losesVolumes(nodeKey: string): Promise<void>;
  /**
   * Drops overrides of which the nodes' objects now say the same: Git has caught up. And those of nodes that are gone: who
   * comes back under their name signs with what its file says.
   */
  settle(nodes: readonly BlockchainNode[], isGone: (nodeKey: string) => boolean): Promise<void>;
}

/** Kept in the controller's memory in the cluster: a restart must not undo an exchange. */
export function createIdentities(memory: Memory): Identities {
  const inForce = (node: BlockchainNode): string | undefined =>
    memory.current.identities[keyOf(node)] ?? node.spec.identity?.secretName;
  return {
    of: inForce,
    effective(node) {
      const override = memory.current.identities[keyOf(node)];
      return override === undefined ? node : { ...node, spec: { ...node.spec, identity: { secretName: override } } };
    },
    overrides: () => new Map(Object.entries(memory.current.identities)),
    async assign(assignments) {
      const news = Object.fromEntries(assignments.map(({ nodeKey, identity }) => [nodeKey, identity]));
      await memory.save(({ identities }) => ({ identities: { ...identities, ...news } }));
    },
    signers: () => new Map(Object.entries(memory.current.signers)),
    async signs(node) {
      const { namespace = '' } = node.metadata;
      const { secretName } = node.spec.identity ?? {};
      if (secretName === undefined || memory.current.signers[`${namespace}/${secretName}`] === keyOf(node)) return;
      await memory.save(({ signers }) => ({ signers: { ...signers, [`${namespace}/${secretName}`]: keyOf(node) } }));
    },
    async losesVolumes(nodeKey) {
      await memory.save(({ signers }) => ({
        signers: Object.fromEntries(
          Object.entries(signers).map(([secret, signer]) => [secret, signer === nodeKey ? '' : signer]),
        ),
      }));
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
