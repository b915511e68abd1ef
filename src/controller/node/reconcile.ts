// One BlockchainNode becomes the objects that it owns, and stays so.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { keyOf } from '../../api/objects.ts';
import type { Chain } from '../../chains/chain.ts';
import { findChain } from '../../chains/index.ts';
import { defined } from '../../lib/defined.ts';
import { isEditedByHand } from '../../plan/applied.ts';
import { generatedSecretRefs } from '../../render/generated-secrets.ts';
import { type Rendered, renderNode, type RenderOptions } from '../../render/render-node.ts';
import { cleanMessage } from '../../status/observation.ts';
import { planVolumes, type VolumePlan } from '../../render/volumes.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { applyOwnedObjects, createSecrets } from './apply/apply-owned.ts';
import { checkClasses } from './check-classes.ts';
import { checkPolicy } from './check-policy.ts';
import { checkVolumes } from './volumes/check-volumes.ts';
import type { NodeDeps } from './deps.ts';
import { growVolumes } from './volumes/grow-volumes.ts';
import { SUSPENSION_UNKNOWN, whyLeft } from './left.ts';
import type { Refusal } from './keys/refusal.ts';
import { secretsOfNode } from './keys/signing-secrets.ts';
import { labelVolumes, restoreLabels } from './volumes/label-volumes.ts';
import { findOwnNode } from './owner.ts';
import { stopAnyway } from './stop-anyway.ts';
import { failedTrouble, type NodeTrouble, ObjectsRefused, stalled } from './trouble.ts';

/** One reconciliation. Rejects with what the queue has to retry, after the trouble is noted for the node's status. */
export async function reconcileNode(key: string, deps: NodeDeps): Promise<ReconcileResult> {
  const node = findOwnNode(key, deps.watches, deps.settings.executor);
  if (node === undefined) return forgetNode(key, deps);
  try {
    return noteResult(node, await applyNode(node, deps), deps);
  } catch (error) {
    deps.observations.setTrouble(key, error instanceof ObjectsRefused ? error.trouble : failedTrouble(error));
    throw error;
  } finally {
    deps.notify('NodeReconciled', { nodeKeys: [key] });
  }
}

function forgetNode(
  key: string,
  { keyReservations, observations, optIns, repairs, runtime, notify }: NodeDeps,
): ReconcileResult {
  const [namespace = '', name = ''] = key.split('/');
  observations.forget(key);
  repairs.forget(key);
  optIns.forget(key);
  runtime.telemetry.forgetNode(namespace, name);
  releaseKeys(key, { keyReservations, notify }, { givesBack: true });
  return DONE;
}

function noteResult(node: BlockchainNode, trouble: NodeTrouble | undefined, deps: NodeDeps): ReconcileResult {
  const key = keyOf(node);
  deps.observations.setTrouble(key, trouble);
  if (trouble === undefined && whyLeft(node, deps) === undefined)
    deps.observations.setApplied(key, node.metadata.annotations?.[ANNOTATION.revision]);
  const retryMs = trouble?.retryMs ?? deps.repairs.retryIn(key, deps.runtime.now());
  return retryMs === undefined ? DONE : again(retryMs);
}

/** The steps in order. The first one that finds a trouble ends the reconciliation. */
async function applyNode(node: BlockchainNode, deps: NodeDeps): Promise<NodeTrouble | undefined> {
  const trouble = checkPermissions(deps) ?? checkEdits(node);
  if (trouble !== undefined) return trouble;
  const wrong = checkSpec(node);
  const chain = findChain(node.spec.chain);
  const left = whyLeft(node, deps);
  if (left === 'unknown') return SUSPENSION_UNKNOWN;
  if (left !== undefined) return wrong;
  if (wrong !== undefined || chain === undefined) return await stopAnyway(node, wrong, deps);
  return checkMemory(node, deps) ?? (await applyWorkload(node, chain, deps));
}

/** Which key the node signs with, and what it signed, is not known: a pod that runs is left as it is. */
function checkMemory({ spec }: BlockchainNode, { memory }: NodeDeps): NodeTrouble | undefined {
  if (memory.isKnown || spec.identity === undefined) return undefined;
  return {
    reason: 'MemoryLost',
    message:
      'The controller lost its memory of signing keys. The node is left as it is until the status branch, which has a copy, can be read.',
    stalled: false,
  };
}

async function applyWorkload(node: BlockchainNode, chain: Chain, deps: NodeDeps): Promise<NodeTrouble | undefined> {
  const volumeTrouble = await checkVolumes(deps.identities.effective(node), deps);
  const scope = createScope({ found: node, chain, mayStart: volumeTrouble === undefined }, deps);
  const refused =
    checkObjects(scope, deps) ??
    (await deps.optIns.check(scope.node, scope.rendered)) ??
    (await checkClasses(scope.node, deps)) ??
    (await reserveKey(scope, deps)) ??
    (await applyObjects(scope, deps));
  if (refused?.stopsPod === true) return await stopPod({ found: node, chain, mayStart: false }, refused, deps);
  if (refused !== undefined) return await stopAnyway(scope.node, refused, deps);
  return releaseKey(scope, deps) ?? volumeTrouble ?? (await settleVolumes(scope, deps));
}

/** Its keys stay reserved: what the pod was started with may come back. */
async function stopPod(found: Found, trouble: NodeTrouble, deps: NodeDeps): Promise<NodeTrouble> {
  return (await applyObjects(createScope(found, deps), deps)) ?? trouble;
}

async function settleVolumes({ node, volumes }: NodeScope, deps: NodeDeps): Promise<NodeTrouble | undefined> {
  await labelVolumes(node, deps);
  await restoreLabels(node, deps);
  return await growVolumes(node, volumes, deps);
}

/** A permission can be granted at any time, and no watch reports that. */
const PERMISSION_RETRY_MS = 5000;

/** An object that cannot be seen may exist all the same: an old pod may be running, a PVC may hold data. */
function checkPermissions({ watches, jobs }: NodeDeps): NodeTrouble | undefined {
  const kinds = watches.incomplete();
  if (kinds.length === 0 && jobs.isComplete()) return undefined;
  return {
    reason: 'Forbidden',
    message:
      `The controller may not watch ${kinds.join(', ') || 'jobs'}. The node is not reconciled until the Role of the ` +
      'controller allows it.',
    stalled: true,
    retryMs: PERMISSION_RETRY_MS,
  };
}

/** A node from Git without the digest of its spec was edited as well: the digest is what reveals edits. */
function checkEdits(node: BlockchainNode): NodeTrouble | undefined {
  const { labels, annotations } = node.metadata;
  const lostDigest = labels?.[LABEL.executor] !== undefined && annotations?.[ANNOTATION.appliedSpec] === undefined;
  return isEditedByHand(node) || lostDigest ? EDITED : undefined;
}

const EDITED: NodeTrouble = {
  reason: 'EditedByHand',
  message:
    'The spec in the cluster differs from the one in Git. The controller restores it unless sync.yaml on the status branch ' +
    'says that this is held; change the file instead.',
  stalled: false,
};

function checkSpec({ spec }: BlockchainNode): NodeTrouble | undefined {
  const chain = findChain(spec.chain);
  if (chain === undefined)
    return stalled(
      'UnknownChain',
      `This version of the controller does not support the chain "${spec.chain}". Upgrade it or change spec.chain.`,
    );
  const errors = chain.check(spec).filter(({ level }) => level === 'error');
  return errors.length === 0 ? undefined : stalled('InvalidSpec', errors.map(({ message }) => message).join('; '));
}

/** What one reconciliation works on. */
interface NodeScope {
  /** With the Secret that it signs with now. */
  readonly node: BlockchainNode;
  readonly chain: Chain;
  readonly volumes: VolumePlan;
  readonly rendered: RenderedNode;
  /** Whether a pod of it has to run: neither stopped by its spec, nor paused by a job, nor without its volumes. */
  readonly isRunning: boolean;
}

interface RenderedNode extends Rendered {
  readonly madeSecrets: readonly string[];
}

function renderScope(node: BlockchainNode, chain: Chain, options: RenderOptions): RenderedNode {
  const madeSecrets = generatedSecretRefs(node, chain.workload(node)).map(({ ref }) => ref.name);
  return { ...renderNode(node, chain, options), madeSecrets };
}

interface Found {
  readonly found: BlockchainNode;
  readonly chain: Chain;
  /** Its volumes are those that it needs. */
  readonly mayStart: boolean;
}

function createScope(
  { found, chain, mayStart }: Found,
  { watches, identities, pauses, volumeRecords }: NodeDeps,
): NodeScope {
  const node = identities.effective(found);
  const key = keyOf(node);
  const statefulSet = watches.owned(key, 'StatefulSet').find(({ metadata }) => metadata.name === node.metadata.name);
  const volumes = planVolumes(node, watches.owned(key, 'PersistentVolumeClaim'), statefulSet);
  const isRunning = mayStart && node.spec.desiredState === 'Running' && pauses.of(key) === undefined;
  const volumeIsUsed = volumeRecords.of(key)?.prepared === true;
  return { node, chain, volumes, rendered: renderScope(node, chain, { running: isRunning, volumeIsUsed }), isRunning };
}

/** Before a key is reserved or anything is written. */
function checkObjects({ node, rendered }: NodeScope, deps: NodeDeps): NodeTrouble | undefined {
  if (rendered.problems.length > 0)
    return stalled('InvalidPatch', rendered.problems.map(({ message }) => message).join('; '));
  return checkPolicy(node, rendered, deps);
}

/** Secrets that others created are not watched. */
const KEY_RETRY_MS = 10_000;

async function reserveKey({ node, chain, isRunning }: NodeScope, deps: NodeDeps): Promise<NodeTrouble | undefined> {
  if (!isRunning) return undefined;
  const { keyReservations, identities, volumeRecords, notify } = deps;
  const reservation = await keyReservations.reserve(node, secretsOfNode(node, chain));
  if (!reservation.ok) return refusedTrouble(node, reservation, deps);
  if (reservation.isChanged) notify('KeyReleased', {});
  await identities.signs(node, reservation.keys);
  await volumeRecords.starts(node);
  return undefined;
}

function refusedTrouble(node: BlockchainNode, refusal: Refusal, deps: NodeDeps): NodeTrouble {
  const { events, notify, observations } = deps;
  const { reason, message, passing, stopsPod } = refusal;
  const isNew = observations.troubles().get(keyOf(node))?.message !== message;
  const isSaid = node.status?.conditions?.some((condition) => condition.message === cleanMessage(message)) === true;
  // The plan has the action to approve.
  if (reason === 'SignerState' && isNew) notify('SignersChanged', { nodeKeys: [keyOf(node)] });
  if (reason === 'KeyPending') notify('KeysRequested', {});
  else if (isNew && !isSaid) events.emit({ about: node, type: 'Warning', reason, message, state: 'Ready' });
  return { reason, message, stalled: !passing, retryMs: KEY_RETRY_MS, ...defined({ stopsPod }) };
}

async function applyObjects(scope: NodeScope, deps: NodeDeps): Promise<NodeTrouble | undefined> {
  const { node, chain, volumes, rendered } = scope;
  const { objects } = rendered;
  const secrets = await createSecrets(node, chain.workload(node), deps);
  if (secrets.foreign !== undefined) return secrets.foreign;
  // A pod that mounts a volume which its StatefulSet has no template for would never be created.
  const isBlocked = volumes.holds.some(({ reason }) => reason === 'VolumeAdded');
  const applicable = isBlocked ? objects.filter(({ kind }) => kind !== 'StatefulSet') : objects;
  const { foreign, refused } = await applyOwnedObjects(node, applicable, deps);
  const all = [...secrets.refused, ...refused];
  if (all.length > 0) throw new ObjectsRefused(all);
  return foreign;
}

/**
 * Only after its StatefulSet was scaled to 0: then no new pod can start with the keys. A node that a job has stopped keeps
 * them on the branch: it starts again.
 */
function releaseKey({ node, isRunning }: NodeScope, deps: NodeDeps): undefined {
  if (!isRunning) releaseKeys(keyOf(node), deps, { givesBack: deps.pauses.of(keyOf(node)) === undefined });
}

function releaseKeys(
  key: string,
  { keyReservations, notify }: Pick<NodeDeps, 'keyReservations' | 'notify'>,
  how: { readonly givesBack: boolean },
): void {
  if (keyReservations.release(key, how) || keyReservations.isLeaving(key)) notify('KeyReleased', {});
}
