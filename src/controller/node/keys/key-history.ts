// Who signed last with each key: here, on another node, or with another executor.

import type { KeyMemory } from '../../../keys/memory.ts';
import type { Memory, Remembered } from '../../engine/memory.ts';

export interface KeyHistory {
  /**
   * Who signed with one of the keys after the node did, so that the node lacks the record of it: another node, or one of
   * another executor; empty text for a node that was deleted with its volumes.
   */
  readonly signedElsewhere: (nodeKey: string, keys: readonly string[]) => string | undefined;
  /** A key that the node signed with last and that is not among these, when it has signed with none of them. */
  readonly replacedKey: (nodeKey: string, keys: readonly string[]) => string | undefined;
  /** An approval lets the node start with the keys, although they have signed elsewhere. */
  readonly accept: (nodeKey: string, keys: readonly string[]) => Promise<void>;
  /** The node's volumes are deleted, and with them the record of what it signed. */
  readonly losesVolumes: (nodeKey: string) => Promise<void>;
  /** The node starts with the keys. No request when that is recorded already. */
  readonly record: (nodeKey: string, signing: Signing) => Promise<void>;
}

export function createKeyHistory(memory: Pick<Memory, 'current' | 'save'>): KeyHistory {
  async function record(nodeKey: string, { records, keys }: Signing): Promise<void> {
    const { current } = memory;
    const isKnown =
      records.every((one) => current.signers[one] === nodeKey) &&
      keys.every((key) => current.accepted[key] === lastReservation(current.keys, key));
    if (isKnown) return;
    await memory.save(({ signers, accepted, keys: reservations }) => ({
      signers: { ...signers, ...Object.fromEntries(records.map((one) => [one, nodeKey])) },
      accepted: { ...accepted, ...Object.fromEntries(keys.map((key) => [key, lastReservation(reservations, key)])) },
    }));
  }
  return {
    record,
    signedElsewhere: (nodeKey, keys) =>
      keys.map((key) => signerElsewhere(memory.current, { key, nodeKey })).find((signer) => signer !== undefined),
    replacedKey(nodeKey, keys) {
      const { signers } = memory.current;
      if (keys.length === 0 || keys.some((key) => signers[key] === nodeKey)) return undefined;
      return Object.keys(signers).find((one) => isDigest(one) && signers[one] === nodeKey);
    },
    accept: async (nodeKey, keys) => await record(nodeKey, { records: keys, keys }),
    async losesVolumes(nodeKey) {
      await memory.save(({ signers }) => ({
        signers: Object.fromEntries(
          Object.entries(signers).map(([secret, signer]) => [secret, signer === nodeKey ? '' : signer]),
        ),
      }));
    },
  };
}

export interface Signing {
  /** What the signer is recorded of. */
  readonly records: readonly string[];
  /** Digests. */
  readonly keys: readonly string[];
}

const NONE = 'none';

/** Names the last reservation of another executor that the status branch had. */
function lastReservation({ signed }: KeyMemory, key: string): string {
  const signer = signed[key];
  return signer === undefined ? NONE : `${signer.executor} ${signer.node} ${signer.since}`;
}

type Signed = Pick<Remembered, 'signers' | 'accepted' | 'keys'>;

function signerElsewhere(
  { signers, accepted, keys }: Signed,
  { key, nodeKey }: { readonly key: string; readonly nodeKey: string },
): string | undefined {
  const here = signers[key];
  if (here !== undefined && here !== nodeKey) return here;
  const other = keys.signed[key];
  const last = accepted[key];
  if (other === undefined || last === lastReservation(keys, key)) return undefined;
  // A memory of an older version does not say what came first: then the times decide.
  const isOlder = last === undefined && here === nodeKey && (keys.own[key]?.since ?? '') >= other.since;
  return isOlder ? undefined : `${other.node} of executor ${other.executor}`;
}

/** The other records are by Secret, `namespace/name`. */
function isDigest(record: string): boolean {
  return record.startsWith('sha256:');
}
