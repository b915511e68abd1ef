// Inner loop: one BlockchainNode becomes the objects it is made of, and stays so.

import { randomBytes } from 'node:crypto';

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { NodeReason } from '../../api/codes/node-reasons.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../api/objects.ts';
import type { Chain, Workload } from '../../chains/chain.ts';
import { findChain } from '../../chains/index.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { codeOf, describeError } from '../../lib/errors.ts';
import { generatedSecretRefs, makeSecret } from '../../render/generated-secrets.ts';
import { renderNode } from '../../render/render-node.ts';
import { isEditedByHand } from '../../plan/applied.ts';
import { planVolumes, type VolumePlan } from '../../render/volumes.ts';
import type { Identities } from './identities.ts';
import type { JobHolds } from './pauses.ts';
import type { Parts } from './apply-objects.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { Refusal, Signers } from './key-reservations.ts';
import type { World } from './watches.ts';

/** What keeps a node from its wanted state, for its status. */
export interface NodeTrouble {
  readonly reason: NodeReason;
  readonly message: string;
  /** A person must act: trying again changes nothing. */
  readonly stalled: boolean;
  /** When to look again, where nothing that is watched tells. */
  readonly retryMs?: number;
}

export interface NodeLoopOptions {
  readonly cluster: Cluster;
  readonly world: World;
  readonly parts: Parts;
  readonly runtime: Runtime;
  readonly identities: Identities;
  readonly signers: Signers;
  readonly holds: JobHolds;
}

/** One pass for one node. Resolves to what stands in the way, or undefined; throws what the queue should retry. */
export async function convergeNode(node: BlockchainNode, options: NodeLoopOptions): Promise<NodeTrouble | undefined> {
  if (isEditedByHand(node) || lostDigest(node)) return EDITED;
  const chain = findChain(node.spec.chain);
  if (chain === undefined) {
    return stalled(
      'UnknownChain',
      `chain "${node.spec.chain}" is not known to this version of the controller; upgrade it or change spec.chain`,
    );
  }
  const errors = chain.check(node.spec).filter((problem) => problem.level === 'error');
  if (errors.length > 0) return stalled('InvalidSpec', errors.map((problem) => problem.message).join('; '));
  if (node.spec.suspend === true) return undefined;
  return await bringParts(options.identities.effective(node), chain, options);
}

/** Whoever takes off the digest that edits are told by, of a node from Git, has edited it too. */
function lostDigest({ metadata }: BlockchainNode): boolean {
  const isFromGit = metadata.labels?.[LABEL.executor] !== undefined;
  return isFromGit && metadata.annotations?.[ANNOTATION.appliedSpec] === undefined;
}

const EDITED: NodeTrouble = {
  reason: 'EditedByHand',
  message:
    'The spec in the cluster differs from the one in Git. It is put back, and not acted on; change the file instead.',
  stalled: false,
};

async function bringParts(
  node: BlockchainNode,
  chain: Chain,
  options: NodeLoopOptions,
): Promise<NodeTrouble | undefined> {
  const { world, parts } = options;
  const key = keyOf(node);
  const volumes = planNodeVolumes(node, world);
  const running = node.spec.desiredState === 'Running' && options.holds.of(key) === undefined;
  const reservation = running ? await options.signers.reserve(node) : ({ ok: true } as const);
  if (!reservation.ok) return withoutKey(reservation);
  if (running) await options.identities.signs(node);
  const rendered = renderNode(node, chain, { running });
  if (rendered.problems.length > 0)
    return stalled('InvalidPatch', rendered.problems.map(({ message }) => message).join('; '));
  await makeSecrets(node, chain.workload(node), options);
  for (const wanted of rendered.objects) {
    const live = world
      .parts(key, kindOfPart(wanted))
      .find((candidate) => candidate.metadata.name === wanted.metadata.name);
    const foreign = notOurs(live, node);
    if (foreign !== undefined) return foreign;
    // A pod that mounts a volume which its StatefulSet has no template for would be refused for ever.
    if (wanted.kind === 'StatefulSet' && volumes.holds.some(({ reason }) => reason === 'VolumeAdded')) continue;
    await parts.bring(wanted, live);
  }
  // Not before its StatefulSet was told to have no pod.
  if (!running) options.signers.release(key);
  return await growVolumes(node, volumes, options);
}

/** Secrets of other people are not watched. */
const KEY_RETRY_MS = 10_000;

function withoutKey({ reason, message, passing }: Refusal): NodeTrouble {
  return { reason, message, stalled: !passing, retryMs: KEY_RETRY_MS };
}

function planNodeVolumes(node: BlockchainNode, world: World): VolumePlan {
  const key = keyOf(node);
  const statefulSet = world.parts(key, 'StatefulSet').find(({ metadata }) => metadata.name === node.metadata.name);
  return planVolumes(node, world.parts(key, 'PersistentVolumeClaim'), statefulSet);
}

/** Secrets are made once and never changed: a missing one is created, an existing one is left as it is. */
async function makeSecrets(
  node: BlockchainNode,
  workload: Workload,
  { cluster, world, runtime }: NodeLoopOptions,
): Promise<void> {
  const existing = new Set(world.parts(keyOf(node), 'Secret').map((secret) => secret.metadata.name));
  for (const { ref, secret } of generatedSecretRefs(node, workload)) {
    if (existing.has(ref.name)) continue;
    try {
      await cluster.create(makeSecret(node, secret, (bytes) => randomBytes(bytes).toString('hex')));
      runtime.log.info({ object: describeRef(ref) }, 'Created secret');
    } catch (error) {
      if (codeOf(error) !== 'ALREADY_EXISTS') throw error;
    }
  }
}

async function growVolumes(
  node: BlockchainNode,
  { growths, holds }: VolumePlan,
  { cluster, runtime }: NodeLoopOptions,
): Promise<NodeTrouble | undefined> {
  for (const { volume, claim, from, to } of growths) {
    const { namespace } = node.metadata;
    const ref = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      name: claim,
      ...(namespace === undefined ? {} : { namespace }),
    };
    runtime.log.info({ object: describeRef(ref), from, to }, 'Growing volume');
    try {
      await cluster.patch(ref, [{ op: 'replace', path: '/spec/resources/requests/storage', value: to }]);
    } catch (error) {
      if (codeOf(error) !== 'FORBIDDEN' && codeOf(error) !== 'INVALID') throw error;
      return stalled('VolumeCannotGrow', `volume ${volume} can't grow from ${from} to ${to}: ${describeError(error)}`);
    }
  }
  const [hold] = holds;
  return hold === undefined ? undefined : stalled(hold.reason, hold.message);
}

/** An object with our name that another owner controls is never taken over. */
function notOurs(live: KubeObject | undefined, node: BlockchainNode): NodeTrouble | undefined {
  const owner = live?.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (live === undefined || owner === undefined || owner.uid === node.metadata.uid) return undefined;
  if (live.kind === 'PersistentVolumeClaim') return undefined;
  return stalled(
    'NotOurs',
    `${describeRef(refOf(live))} belongs to ${owner.kind} ${owner.name}; rename the node or remove that object`,
  );
}

function kindOfPart(object: KubeObject): Parameters<World['parts']>[1] {
  switch (object.kind) {
    case 'StatefulSet':
    case 'Service':
    case 'ConfigMap':
    case 'Secret':
    case 'PodDisruptionBudget':
      return object.kind;
    default:
      throw new Error(`a node is not made of a ${object.kind}`);
  }
}

function stalled(reason: NodeReason, message: string): NodeTrouble {
  return { reason, message, stalled: true };
}
