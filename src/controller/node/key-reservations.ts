// One key, one signer: a reservation that a node must hold before a pod of it may sign.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { signingKeysIn } from '../../chains/index.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';
import { createSerial } from '../../lib/serial.ts';
import { isMadeByUs } from '../../render/pod-volumes.ts';
import { eachAtOnce } from '../engine/each-at-once.ts';
import type { World } from './watches.ts';

export type Reservation = { readonly ok: true } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly reason: Extract<NodeReason, 'IdentityMissing' | 'IdentityInUse'>;
  readonly message: string;
  /** It passes by itself: who has the key is leaving. */
  readonly passing: boolean;
}

export interface Signers {
  /**
   * Reserves the key of a node that is to run. Refused while another node has it reserved, or has a pod with it, or its
   * StatefulSet may make one; also a node whose object is gone and whose pod lives on. Keys are compared by content, so a
   * copy in another Secret is the same key. Costs nothing while the reservation stands.
   */
  reserve(node: BlockchainNode): Promise<Reservation>;
  /** The node is not to run any more: from now on only what is left of its pods counts. */
  release(nodeKey: string): void;
  /** Nodes that were refused: whenever a pod or a StatefulSet changes they may try again. */
  readonly waiting: ReadonlySet<string>;
}

interface Granted {
  readonly secret: string;
  /** Digests of the keys in it. */
  readonly keys: readonly string[];
}

interface SignerRooms {
  /** A reservation has ended: others may have waited for it. */
  readonly onReleased: () => void;
  readonly cluster: Pick<Cluster, 'get'>;
  readonly world: Pick<World, 'nodes' | 'parts' | 'owners'>;
}

/** Secrets that are read at the same time, when a controller starts among many validators. */
const READ_AT_ONCE = 16;

/**
 * Only one process works (lease), so its reservations are all there are. Whatever another process started is seen: the
 * Secrets that pods and StatefulSets of other nodes mount count like reservations.
 */
export function createSigners({ cluster, world, onReleased }: SignerRooms): Signers {
  const granted = new Map<string, Granted>();
  const waiting = new Set<string>();
  /** What Secrets held that nodes mount, as they were first seen there: a program reads its key once. */
  let seen = new Map<string, readonly string[]>();
  /** Between the look and the entry nobody else may look. */
  const oneByOne = createSerial();

  async function keysIn(nodeKey: string, name: string): Promise<readonly string[] | undefined> {
    const namespace = nodeKey.slice(0, nodeKey.indexOf('/'));
    const live = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    return live === undefined ? undefined : signingKeysIn(textsOf(live['data']));
  }

  /** The Secrets that other nodes may sign with now, and what they hold. */
  async function othersOf(nodeKey: string): Promise<readonly Other[]> {
    const others = [...world.owners()].filter((key) => key !== nodeKey);
    const mounts = others.flatMap((key) => mountedBy(key, world).map((secret) => ({ key, secret })));
    const known = new Map<string, readonly string[]>();
    await eachAtOnce(mounts, READ_AT_ONCE, async ({ key, secret }) => {
      const id = `${key} ${secret}`;
      const keys = seen.get(id) ?? (await keysIn(key, secret));
      if (keys !== undefined) known.set(id, keys);
    });
    seen = known;
    const mounted = mounts.map(({ key, secret }) => ({ node: key, keys: known.get(`${key} ${secret}`) ?? [] }));
    const reserved = [...granted].filter(([key]) => key !== nodeKey).map(([node, { keys }]) => ({ node, keys }));
    return [...reserved, ...mounted];
  }

  async function reserveAlone(nodeKey: string, secret: string): Promise<Reservation> {
    granted.delete(nodeKey);
    const keys = await keysIn(nodeKey, secret);
    if (keys === undefined) return missing(secret);
    const other = (await othersOf(nodeKey)).find((one) => one.keys.some((key) => keys.includes(key)));
    if (other !== undefined) return inUse(other.node, world.nodes.get(other.node));
    granted.set(nodeKey, { secret, keys });
    return { ok: true };
  }

  function release(nodeKey: string): void {
    waiting.delete(nodeKey);
    if (granted.delete(nodeKey)) onReleased();
  }

  return {
    waiting,
    release,
    async reserve(node) {
      const secret = node.spec.identity?.secretName;
      const nodeKey = keyOf(node);
      if (secret === undefined) {
        release(nodeKey);
        return { ok: true };
      }
      if (granted.get(nodeKey)?.secret === secret) return { ok: true };
      const reservation = await oneByOne(async () => await reserveAlone(nodeKey, secret));
      if (reservation.ok) waiting.delete(nodeKey);
      else waiting.add(nodeKey);
      return reservation;
    },
  };
}

interface Other {
  /** `namespace/name` */
  readonly node: string;
  readonly keys: readonly string[];
}

/** A Secret's data, decoded. */
function textsOf(data: unknown): Readonly<Record<string, string>> {
  if (!isObject(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString('latin1')]),
  );
}

function missing(secret: string): Refusal {
  const message = `Secret ${secret}, which spec.identity names, does not exist in the node's namespace; create it`;
  return { ok: false, reason: 'IdentityMissing', message, passing: false };
}

function inUse(other: string, node: BlockchainNode | undefined): Refusal {
  const isLeaving = node === undefined || node.metadata.deletionTimestamp !== undefined;
  const message = isLeaving
    ? `a pod of ${other}, which is being deleted, may still sign with the same key; waits until it is gone`
    : `${other} signs with the same key, or may still do so; stop it first, or exchange the keys with a Switchover`;
  return { ok: false, reason: 'IdentityInUse', message, passing: isLeaving };
}

/** The Secrets that a pod of the node mounts, or that one would which its StatefulSet may still make. */
function mountedBy(nodeKey: string, world: Pick<World, 'parts'>): readonly string[] {
  const sets = world.parts(nodeKey, 'StatefulSet').filter((set) => !isQuiet(set));
  return [
    ...new Set([
      ...sets.flatMap((set) => secretsIn(valueAt(set, ['spec', 'template', 'spec', 'volumes']))),
      ...world.parts(nodeKey, 'Pod').flatMap((pod) => secretsIn(valueAt(pod, ['spec', 'volumes']))),
    ]),
  ];
}

/** It wants no pod, and its controller has seen that: it makes none any more. */
function isQuiet(set: KubeObject): boolean {
  const observed = valueAt(set, ['status', 'observedGeneration']);
  return (
    valueAt(set, ['spec', 'replicas']) === 0 &&
    (valueAt(set, ['status', 'replicas']) ?? 0) === 0 &&
    typeof observed === 'number' &&
    observed >= (set.metadata.generation ?? 0)
  );
}

function secretsIn(volumes: unknown): readonly string[] {
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume) =>
    isMadeByUs(textAt(volume, ['name']) ?? '') ? [] : (textAt(volume, ['secret', 'secretName']) ?? []),
  );
}
