// One key, one signer: a node needs the reservation of its key before a pod of it may start.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import type { NodeReason } from '../../../api/codes/node-reasons.ts';
import { keyOf } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { createSerial } from '../../../lib/serial.ts';
import { createMountedKeys, keysIn, type NodeKeys } from './mounted-keys.ts';
import type { Watches } from '../watches.ts';

export type Reservation = { readonly ok: true } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly reason: Extract<NodeReason, 'IdentityMissing' | 'IdentityInUse'>;
  readonly message: string;
  /** The refusal ends by itself: the node that has the key is being deleted. */
  readonly passing: boolean;
}

export interface KeyReservations {
  /**
   * Reserves the key of a node that has to run. Refused while another node has it reserved, or has a pod with it, or its
   * StatefulSet may make one; also a node whose object is gone and whose pod lives on. Keys are compared by content, so a
   * copy in another Secret is the same key. Costs nothing while the reservation stands.
   */
  reserve(node: BlockchainNode): Promise<Reservation>;
  /** The node does not run any more: from now on only what is left of its pods counts. True when there was one. */
  release(nodeKey: string): boolean;
  /** Nodes that were refused: they try again when a pod or a StatefulSet changes, or a key is released. */
  readonly waiting: ReadonlySet<string>;
}

interface Granted {
  readonly secret: string;
  /** Digests of the keys in it. */
  readonly keys: readonly string[];
}

export interface KeyReservationsDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly watches: Pick<Watches, 'nodes' | 'owned' | 'owners'>;
}

/**
 * Only one process of an executor works (lease), so its reservations are all there are. Pods of an earlier process count
 * as well: the Secrets that pods and StatefulSets of other nodes mount are treated like reservations.
 */
export function createKeyReservations({ cluster, watches }: KeyReservationsDeps): KeyReservations {
  const granted = new Map<string, Granted>();
  const waiting = new Set<string>();
  const mountedKeys = createMountedKeys({ cluster, watches });
  /** Reading the other keys and reserving one must not overlap with another reservation. */
  const oneByOne = createSerial();

  /** The keys that other nodes may sign with now. */
  async function othersOf(nodeKey: string): Promise<readonly NodeKeys[]> {
    const mounted = await mountedKeys.exceptOf(nodeKey);
    const reserved = [...granted].filter(([key]) => key !== nodeKey).map(([node, { keys }]) => ({ node, keys }));
    return [...reserved, ...mounted];
  }

  async function reserveAlone(nodeKey: string, secret: string): Promise<Reservation> {
    granted.delete(nodeKey);
    const keys = await keysIn(secret, nodeKey, cluster);
    if (keys === undefined) return missing(secret);
    const other = (await othersOf(nodeKey)).find((one) => one.keys.some((key) => keys.includes(key)));
    if (other !== undefined) return inUse(other.node, watches.nodes.get(other.node));
    granted.set(nodeKey, { secret, keys });
    return { ok: true };
  }

  function release(nodeKey: string): boolean {
    waiting.delete(nodeKey);
    return granted.delete(nodeKey);
  }

  return {
    waiting,
    release,
    async reserve(node) {
      const secret = node.spec.identity?.secretName;
      const nodeKey = keyOf(node);
      if (secret === undefined) return { ok: true };
      if (granted.get(nodeKey)?.secret === secret) return { ok: true };
      const reservation = await oneByOne(async () => await reserveAlone(nodeKey, secret));
      if (reservation.ok) waiting.delete(nodeKey);
      else waiting.add(nodeKey);
      return reservation;
    },
  };
}

function missing(secret: string): Refusal {
  const message = `Secret ${secret}, which spec.identity names, does not exist in the namespace of the node. Create it.`;
  return { ok: false, reason: 'IdentityMissing', message, passing: false };
}

function inUse(other: string, node: BlockchainNode | undefined): Refusal {
  const isLeaving = node === undefined || node.metadata.deletionTimestamp !== undefined;
  const message = isLeaving
    ? `A pod of ${other}, which is being deleted, may still sign with the same key. The node starts when that pod is gone.`
    : `${other} signs with the same key, or may still do so. Stop it first, or exchange the keys with a Switchover.`;
  return { ok: false, reason: 'IdentityInUse', message, passing: isLeaving };
}
