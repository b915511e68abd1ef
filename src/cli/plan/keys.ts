// Keys in a plan against a cluster: which key each node would sign with, by the Secrets, and who holds it or signed with it.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { eachAtOnce } from '../../controller/engine/each-at-once.ts';
import type { Remembered } from '../../controller/engine/memory.ts';
import { NOTHING } from '../../controller/engine/memory-data.ts';
import { newKeysOf, secretsNamedBy } from '../../controller/fleet/new-keys.ts';
import { isOwnedBy } from '../../controller/node/owner.ts';
import { hasEnded, nodesOfPod } from '../../controller/node/living-pods.ts';
import { createIdentities, type Identities } from '../../controller/node/keys/identities.ts';
import { isKeyDigest, readKeys } from '../../controller/node/keys/signing-secrets.ts';
import { straySigner } from '../../controller/node/keys/stray-signers.ts';
import type { PublishedKeys } from '../../keys/document.ts';
import { NO_KEYS } from '../../keys/memory.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Desired, KeyReservation, PlanFacts } from '../../plan/input.ts';
import type { MovedKeys } from '../../plan/moved-keys.ts';
import { knownKeys } from '../published/known-keys.ts';
import { reservationsOf } from '../published/reservations.ts';
import type { Memories } from './facts.ts';
import { createUses, type Uses } from './unusable.ts';

export interface ClusterKeys {
  readonly desired: Desired;
  /** The nodes in the cluster. */
  readonly current: readonly BlockchainNode[];
  readonly cluster: Pick<Cluster, 'get' | 'list'>;
  readonly memories: Memories;
  readonly published: PublishedKeys | undefined;
}

/** By executor. A Secret is read once, the pods of a namespace are listed once, and nothing of it but the digests of its keys is kept. */
export async function keyFacts(
  executors: readonly string[],
  scene: ClusterKeys,
): Promise<ReadonlyMap<string, PlanFacts>> {
  const reader = createReader(scene.cluster);
  const pods = await nodesWithPod({ ...scene, cluster: reader });
  const facts = new Map<string, PlanFacts>();
  for (const executor of executors) facts.set(executor, await factsOf(executor, { ...scene, reader, pods }));
  if (reader.isForbidden)
    process.stderr.write(
      'warning: some Secrets cannot be read: their keys are known by the records of the controllers alone, and not whether nodes may use them\n',
    );
  return facts;
}

interface Scene extends ClusterKeys {
  readonly reader: Reader;
  /** Undefined without the permission to list pods. */
  readonly pods: ReadonlySet<string> | undefined;
}

async function factsOf(executor: string, scene: Scene): Promise<PlanFacts> {
  const { desired, current, memories, published } = scene;
  const stored = memories.get(executor);
  const memory: Remembered = { ...NOTHING, origin: '', ...(stored === 'nothing' ? {} : stored) };
  const identities = createIdentities({ current: memory, save: async () => await Promise.resolve() });
  const approvals = new Set(desired.fleet.approvals?.map(({ digest }) => digest));
  const keysInMemory = stored === 'nothing' ? NO_KEYS : stored?.keys;
  const reservations = reservationsOf({ executor, memory: keysInMemory, published, approvals });
  const read = await readNodes(executor, identities, scene);
  const { identities: overrides, signers } = memory;
  const byRecord = knownKeys({
    desired,
    current,
    executor,
    identities: overrides,
    signers,
    reservations: reservations ?? [],
  });
  return {
    identities: identities.overrides(),
    signers: identities.signers(),
    reservations,
    keys: new Map([...byRecord.all, ...read.all]),
    newKeys: new Map([...byRecord.fresh, ...read.fresh]),
    unusable: read.unusable,
    unreadSecrets: read.unread,
    movedKeys: movedKeys(read.waiting, { identities, reservations: reservations ?? [], executor }),
    straySigners: await findStraySigners([...read.fresh, ...read.waiting], {
      ...scene,
      own: (reservations ?? []).filter((one) => one.isHeld && one.executor === executor),
    }),
  };
}

interface StrayScene extends Scene {
  /** Reservations of the executor. */
  readonly own: readonly KeyReservation[];
}

/** Pods that no node has by its labels. Where pods may not be listed, or a Secret may not be read, none is known. */
async function findStraySigners(
  signers: readonly (readonly [node: string, keys: readonly string[]])[],
  { desired, reader, own }: StrayScene,
): Promise<ReadonlyMap<string, string>> {
  const found: [string, string][] = [];
  const keyLedger = { reserved: () => own };
  for (const [name, keys] of signers) {
    const node = desired.nodes.get(name)?.node;
    if (node === undefined || keys.length === 0) continue;
    const stray = await straySigner(node, keys, { cluster: reader, keyLedger }).catch(unlessForbidden);
    if (stray !== undefined) found.push(...keys.map((key): [string, string] => [key, stray]));
  }
  return new Map(found);
}

function unlessForbidden(error: unknown): undefined {
  if (!isKubeError(error, 'FORBIDDEN')) throw error;
}

interface ReadKeys extends Pick<Uses, 'unusable' | 'unread'> {
  /** Absent for a node whose Secrets cannot all be read. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  readonly fresh: ReadonlyMap<string, readonly string[]>;
  /** Of `all`: nodes that are there and have no pod. */
  readonly waiting: ReadonlyMap<string, readonly string[]>;
}

/** Enough to keep the API server busy, and not to flood it. */
const READ_AT_ONCE = 16;

async function readNodes(executor: string, identities: Identities, scene: Scene): Promise<ReadKeys> {
  const { reader, desired } = scene;
  const live = new Map(scene.current.map((node) => [keyOf(node), node]));
  const all = new Map<string, readonly string[]>();
  const fresh = new Map<string, readonly string[]>();
  const waiting = new Map<string, readonly string[]>();
  const uses = createUses();
  const declared = [...desired.nodes].filter(([, { node }]) => node.spec.executor === executor);
  await eachAtOnce(declared, READ_AT_ONCE, async ([key, { node }]) => {
    const old = live.get(key);
    if (isRunning(old, scene) && sameJson(old.spec, node.spec)) return;
    const effective = old === undefined ? node : identities.effective(node);
    const runs = isRunning(old, scene) ? identities.effective(old) : undefined;
    await uses.note(effective, runs, reader);
    const keys = await reader.keysOf(effective);
    if (keys === undefined) return;
    all.set(key, keys);
    fresh.set(key, await newKeysOf(node, old, { cluster: reader, identities }));
    if (old !== undefined && isOwnedBy(old, executor) && isStopped(old, scene)) waiting.set(key, keys);
  });
  return { all, fresh, waiting, ...uses };
}

function isRunning(node: BlockchainNode | undefined, scene: Scene): node is BlockchainNode {
  return node !== undefined && !isStopped(node, scene);
}

/** Nothing of it runs, as far as that can be seen. */
function isStopped(node: BlockchainNode, { pods }: Scene): boolean {
  return pods === undefined ? node.spec.desiredState === 'Stopped' : !pods.has(keyOf(node));
}

interface MovedScene {
  readonly identities: Pick<Identities, 'replacedKey' | 'signedElsewhere'>;
  readonly reservations: readonly KeyReservation[];
  readonly executor: string;
}

/** As the controller finds them when it starts a node; a key that another node still holds has nothing to approve yet. */
function movedKeys(
  waiting: ReadonlyMap<string, readonly string[]>,
  { identities, reservations, executor }: MovedScene,
): ReadonlyMap<string, MovedKeys> {
  return new Map(
    [...waiting].flatMap(([node, keys]): [string, MovedKeys][] => {
      const replaces = identities.replacedKey(node, keys);
      if (replaces !== undefined) return [[node, { signer: '', keys, replaces }]];
      const isHeld = reservations.some(
        (one) => one.isHeld && keys.includes(one.key) && (one.executor !== executor || one.node !== node),
      );
      const signer = isHeld ? undefined : identities.signedElsewhere(node, keys);
      return signer === undefined ? [] : [[node, { signer, keys }]];
    }),
  );
}

interface Reader extends Pick<Cluster, 'get' | 'list'> {
  /** A Secret was not allowed to be read. */
  readonly isForbidden: boolean;
  /** Digests; undefined when a Secret may not be read, or the one of its identity is not there. */
  keysOf(node: BlockchainNode): Promise<readonly string[] | undefined>;
}

function createReader(cluster: ClusterKeys['cluster']): Reader {
  const answers = new Map<string, ReturnType<Cluster['get']>>();
  const lists = new Map<string, ReturnType<Cluster['list']>>();
  let isForbidden = false;
  const get: Cluster['get'] = async (ref) => {
    const answer = answers.get(keyOf(ref)) ?? cluster.get(ref);
    answers.set(keyOf(ref), answer);
    return await answer;
  };
  return {
    get,
    async list(kind, options) {
      const key = JSON.stringify([kind, options]);
      const answer = lists.get(key) ?? cluster.list(kind, options);
      lists.set(key, answer);
      return await answer;
    },
    get isForbidden() {
      return isForbidden;
    },
    async keysOf(node) {
      try {
        return await keysIn(node, get);
      } catch (error) {
        unlessForbidden(error);
        isForbidden = true;
        return undefined;
      }
    },
  };
}

async function keysIn(node: BlockchainNode, get: Cluster['get']): Promise<readonly string[] | undefined> {
  const keys = new Set<string>();
  for (const name of secretsNamedBy(node)) {
    const found = await readKeys({ get }, node.metadata.namespace ?? '', name);
    if (found === undefined && name === node.spec.identity?.secretName) return undefined;
    for (const key of (found ?? []).filter(isKeyDigest)) keys.add(key);
  }
  return [...keys];
}

/** By the names of the pods too: labels can be taken off a pod that runs. */
async function nodesWithPod({ cluster, current }: ClusterKeys): Promise<ReadonlySet<string> | undefined> {
  const living: KubeObject[] = [];
  try {
    for (const namespace of new Set(current.map(({ metadata }) => metadata.namespace ?? '')))
      living.push(...(await cluster.list(KINDS.Pod, { namespace })));
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
  const pods = living.filter((pod) => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod));
  return new Set(pods.flatMap(nodesOfPod));
}
