// One key, one signer: a reservation that a node must hold before a pod of it may sign.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { digestOf } from '../lib/hash.ts';
import { textAt, valueAt } from '../lib/json-value.ts';
import type { Identities } from './identities.ts';
import type { World } from './world.ts';

export type Reservation =
  { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly message: string };

export interface Signers {
  /**
   * Reserves the key for the node. Refused while another node has it reserved and may still sign: its StatefulSet asks
   * for a pod with it, or such a pod exists. Keys are compared by content, so a copied Secret is the same key.
   */
  reserve(node: BlockchainNode): Promise<Reservation>;
  forget(nodeKey: string): void;
}

interface Reserved {
  readonly secret: string;
  readonly digest: string;
}

export interface SignerRooms {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly world: World;
  readonly identities: Identities;
}

/** Only one process works (lease), so the reservations of this one are all there are; at the start they are read from what runs. */
export function createSigners(rooms: SignerRooms): Signers {
  const reserved = new Map<string, Reserved>();
  /** One reservation at a time: between the look and the entry nobody else may look. */
  let line: Promise<unknown> = Promise.resolve();
  let recovered: Promise<void> | undefined;

  async function reserveAlone(node: BlockchainNode): Promise<Reservation> {
    const secret = node.spec.identity?.secretName;
    const nodeKey = keyOf(node);
    if (secret === undefined) {
      reserved.delete(nodeKey);
      return { ok: true };
    }
    await (recovered ??= recover(rooms, reserved));
    if (reserved.get(nodeKey)?.secret === secret) return { ok: true };
    const digest = await digestOfSecret(node.metadata.namespace ?? '', secret, rooms.cluster);
    if (digest === undefined) {
      return refused(
        'IdentityMissing',
        `Secret ${secret}, which spec.identity names, does not exist in the node's namespace; create it`,
      );
    }
    for (const [otherKey, other] of reserved) {
      if (otherKey === nodeKey || other.digest !== digest || !maySign(otherKey, other.secret, rooms.world)) continue;
      return refused(
        'IdentityInUse',
        `${otherKey} signs with the same key, or may still do so; stop it first, or exchange the keys with a Switchover`,
      );
    }
    reserved.set(nodeKey, { secret, digest });
    return { ok: true };
  }

  return {
    async reserve(node) {
      const turn = line.then(async () => await reserveAlone(node));
      line = turn.catch(() => undefined);
      return await turn;
    },
    forget: (nodeKey) => void reserved.delete(nodeKey),
  };
}

/** After a restart: whoever may sign now has its key reserved. */
async function recover({ cluster, world, identities }: SignerRooms, reserved: Map<string, Reserved>): Promise<void> {
  for (const node of world.nodes.list()) {
    const secret = identities.of(node);
    const nodeKey = keyOf(node);
    if (secret === undefined || !maySign(nodeKey, secret, world)) continue;
    const digest = await digestOfSecret(node.metadata.namespace ?? '', secret, cluster);
    if (digest !== undefined) reserved.set(nodeKey, { secret, digest });
  }
}

async function digestOfSecret(
  namespace: string,
  name: string,
  cluster: Pick<Cluster, 'get'>,
): Promise<string | undefined> {
  const live = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
  return live === undefined ? undefined : digestOf(live['data'] ?? {});
}

/** Whether a pod with that Secret exists, or the StatefulSet would make one. */
function maySign(nodeKey: string, secret: string, world: World): boolean {
  const asks = world
    .parts(nodeKey, 'StatefulSet')
    .some(
      (object) =>
        valueAt(object, ['spec', 'replicas']) !== 0 &&
        mounts(valueAt(object, ['spec', 'template', 'spec', 'volumes']), secret),
    );
  return (
    asks || world.parts(nodeKey, 'Pod').some((pod: KubeObject) => mounts(valueAt(pod, ['spec', 'volumes']), secret))
  );
}

function mounts(volumes: unknown, secret: string): boolean {
  return Array.isArray(volumes) && volumes.some((volume) => textAt(volume, ['secret', 'secretName']) === secret);
}

function refused(reason: string, message: string): Reservation {
  return { ok: false, reason, message };
}
