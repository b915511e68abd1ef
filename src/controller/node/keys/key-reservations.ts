// One key, one signer: a node needs the reservation of its keys before a pod of it may start.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { keyOf } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { KeyLedger } from './ledger.ts';
import type { MovedKeys } from '../../../plan/moved-keys.ts';
import type { Identities } from './identities.ts';
import { type Refusal, reservedElsewhere, waitsForPush } from './refusal.ts';
import { createLocalKeys, type Grant, type LocalKeys, wantedBy } from './local.ts';
import { createReturnedKeys, type KeptKey } from './returned.ts';
import { isKeyDigest, namespaceOf } from './signing-secrets.ts';
import type { Watches } from '../watches.ts';

export type Reservation = Grant | Refusal;

export interface KeyReservations {
  /**
   * Reserves the keys of a node that has to run. Refused while another node has one reserved, or has a pod with it, or its
   * StatefulSet may make one; also a node whose object is gone and whose pod lives on; and until the status branch has the
   * reservation, so that no other executor gets it. Costs nothing while the reservation stands.
   */
  reserve(node: BlockchainNode, secrets: readonly string[]): Promise<Reservation>;
  /**
   * The node does not run: in the cluster only what is left of its pods counts. With `givesBack` other executors may have its
   * keys once these are gone. True when it had a reservation.
   */
  release(nodeKey: string, how: { readonly givesBack: boolean }): boolean;
  /** Nodes that were refused: they try again when a pod or a StatefulSet changes, a key is released or the branch decides. */
  readonly waiting: ReadonlySet<string>;
  /** Nodes whose keys have signed elsewhere since: each needs an approval. */
  readonly moved: ReadonlyMap<string, MovedKeys>;
  /** The nodes that have reserved keys in the Secret, or wait for some in its namespace. */
  usersOf(secret: string): readonly string[];
  /** Whether the node has keys reserved, in the cluster or on the status branch. */
  hasKeys(nodeKey: string): boolean;
  /** Whether keys of the node are reserved until its pods have ended. */
  isLeaving(nodeKey: string): boolean;
  /** The nodes that run or would run, by the digests of their keys. */
  wanted(): ReadonlyMap<string, string>;
  /** Keys that are reserved on the branch and that nothing of their nodes can sign with: asks the API server. */
  given(): Promise<ReadonlySet<string>>;
  /** By key: a pod that keeps it from being given back, and that does not go by itself. As of the last `given`. */
  readonly kept: ReadonlyMap<string, KeptKey>;
}

export interface KeyReservationsDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list' | 'managersOf'>;
  readonly watches: Pick<Watches, 'incomplete' | 'nodes' | 'owned' | 'owners' | 'secretVersion'>;
  readonly keyLedger: Pick<KeyLedger, 'answer' | 'heldElsewhere' | 'reserved'>;
  readonly identities: Pick<Identities, 'signedElsewhere' | 'replacedKey'>;
  readonly executor: string;
}

/** First the cluster decides (`local-keys.ts`), then the status branch (`key-ledger.ts`). */
export function createKeyReservations(deps: KeyReservationsDeps): KeyReservations {
  const { keyLedger } = deps;
  const waiting = new Set<string>();
  const [leaving, touched] = [new Set<string>(), new Set<string>()];
  const local = createLocalKeys(deps);
  const { granted, moved } = local;
  const returned = createReturnedKeys(deps, { granted, leaving, touched });

  async function reserve(node: BlockchainNode, secrets: readonly string[]): Promise<Reservation> {
    const nodeKey = keyOf(node);
    touched.add(nodeKey);
    leaving.delete(nodeKey);
    const grant = await local.reserve(node, secrets);
    if (!grant.ok) return stillHeld(nodeKey) ?? grant;
    const keys = grant.keys.filter(isKeyDigest);
    const answer = keyLedger.answer(nodeKey, keys);
    if (answer.is === 'refused') return reservedElsewhere(answer.holders);
    return answer.is === 'pending' ? waitsForPush(keys) : { ...grant, keys };
  }

  /** What a key has signed elsewhere is complete only when it is released there: until then there is nothing to approve. */
  function stillHeld(nodeKey: string): Refusal | undefined {
    const holders = keyLedger.heldElsewhere(moved.get(nodeKey)?.keys ?? []);
    if (holders.size === 0) return undefined;
    moved.delete(nodeKey);
    return reservedElsewhere(holders);
  }

  return {
    waiting,
    moved,
    usersOf: (secret) => usersOf(secret, { granted, waiting }),
    hasKeys: (nodeKey) => granted.has(nodeKey) || keyLedger.reserved().some(({ node }) => node === nodeKey),
    isLeaving: (nodeKey) => returned.isLeaving(nodeKey),
    async reserve(node, secrets) {
      const reservation = await reserve(node, secrets);
      if (reservation.ok) waiting.delete(keyOf(node));
      else waiting.add(keyOf(node));
      return reservation;
    },
    release(nodeKey, { givesBack }) {
      waiting.delete(nodeKey);
      moved.delete(nodeKey);
      touched.add(nodeKey);
      if (givesBack) leaving.add(nodeKey);
      return granted.delete(nodeKey);
    },
    wanted: () => wantedBy(granted),
    get kept() {
      return returned.kept;
    },
    given: async () => await returned.given(),
  };
}

function usersOf(
  secret: string,
  { granted, waiting }: Pick<LocalKeys, 'granted'> & Pick<KeyReservations, 'waiting'>,
): readonly string[] {
  const namespace = namespaceOf(secret);
  const name = secret.slice(namespace.length + 1);
  const users = [...granted].filter(([, { secrets }]) => secrets.includes(name)).map(([node]) => node);
  return [...new Set([...users, ...waiting])].filter((node) => namespaceOf(node) === namespace);
}
