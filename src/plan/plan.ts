// Computes the plan from the desired state and the live objects.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { FLEET_FILE } from '../api/fleet.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import { keyOf, type KubeObject, type Ref, refOf } from '../api/objects.ts';
import { defined } from '../lib/defined.ts';
import { finish, mapInSteps } from '../lib/finish.ts';
import { describeChanges } from './because.ts';
import type { Action, Change, Hold, Kept, Plan } from './action.ts';
import { branchHold, heldWithBranch } from './hold-text.ts';
import { withConsequences } from './consequences.ts';
import { isEditedByHand, ownView, withApplied } from './applied.ts';
import { diff, toChanges } from './diff.ts';
import { holdActions } from './hold.ts';
import type { PlanInput, DesiredNode, FileError } from './input.ts';
import { lostVolumes } from './judge-volumes.ts';
import { heldLines } from './key-lines.ts';
import { inSafeOrder } from './order.ts';

/**
 * The plan of one executor. An empty plan means that the live objects equal the desired state. It compares whole states,
 * so after a plan that was carried out in part the next plan has the remaining actions.
 */
export function planNodes(input: PlanInput): Plan {
  return finish(planInSteps(input));
}

/** The same, with a pause after each node. `input` must not change meanwhile. */
export function* planInSteps(input: PlanInput): Generator<void, Plan> {
  const { desired, executor } = input;
  const live = new Map(input.current.map((node) => [keyOf(node), node]));
  const declared = [...desired.nodes].filter(([, { node }]) => node.spec.executor === executor);
  const changing = yield* flatMapInSteps(desired.fleetBroken ? [] : declared, ([key, node]) => [
    ...listOf(computeAction(node, live.get(key), input)),
    ...listOf(startAction(key, node, input)),
  ]);
  const ours = input.current.filter((node) => node.metadata.labels?.[LABEL.executor] === executor);
  const leaving = yield* flatMapInSteps(ours, (node) => (isDeclaredHere(input, node) ? [] : [prune(node, input)]));
  const actions = inSafeOrder([...changing, ...leaving.flatMap(({ action }) => action ?? [])]);
  const { held, digest, released } = yield* holdActions(actions, { input, live, ours });
  const changed = new Set(actions.map(({ ref }) => keyOf(ref)));
  return {
    revision: input.revision,
    actions: held,
    kept: [
      ...leaving.flatMap(({ kept }) => kept ?? []),
      ...declared.flatMap(([key]) => leavingKept(live.get(key))),
      ...declared.flatMap(([key, { node }]) => (changed.has(key) ? [] : waitingKept(node, live.get(key), input))),
      ...declared.flatMap(([key, { node }]) => overrideKept(node, live.get(key), input.facts?.identities?.get(key))),
    ],
    jobs: jobsOf(input, branchHold(held, input.facts?.ancestry)),
    heldDigest: digest,
    released,
  };
}

function jobsOf({ facts, executor }: PlanInput, hold: Hold | undefined): Plan['jobs'] {
  const own = (facts?.jobs ?? []).filter((job) => job.executor === executor);
  return own.map((job) => heldWithBranch(job, hold));
}

function* flatMapInSteps<T, R>(items: readonly T[], change: (item: T) => readonly R[]): Generator<void, readonly R[]> {
  return (yield* mapInSteps(items, change)).flat();
}

function listOf<T>(one: T | undefined): readonly T[] {
  return one === undefined ? [] : [one];
}

function isDeclaredHere({ desired, executor }: PlanInput, node: BlockchainNode): boolean {
  return desired.nodes.get(keyOf(node))?.node.spec.executor === executor;
}

/** The action that makes a live node equal to the desired one, if any. An object that is being deleted gets none. */
function computeAction(
  { node, file }: DesiredNode,
  live: BlockchainNode | undefined,
  input: PlanInput,
): Action | undefined {
  // Between two revisions the nodes of unchanged files are the same.
  if (live === node) return undefined;
  const object = withApplied(node);
  const ref = refOf(object);
  const nodes = { live, desired: node };
  if (live === undefined) {
    const because = `created by ${file}`;
    return withConsequences({ do: 'create', ref, object, file, because, ...arrival(ref, input) }, nodes, input);
  }
  if (live.metadata.deletionTimestamp !== undefined) return undefined;
  const changes = changesOf(live, object);
  if (changes.length === 0) return undefined;
  const drift = live.metadata.annotations?.[ANNOTATION.applied] === object.metadata.annotations?.[ANNOTATION.applied];
  const because = describeChanges(changes, { file, drift });
  const move = moveFrom(live, input);
  return withConsequences({ do: 'update', ref, object, file, changes, drift, because, ...move }, nodes, input);
}

/** Beside any change of the node: its spec may be applied, but no pod of it starts with its key before an approval. */
function startAction(key: string, { node, file }: DesiredNode, input: PlanInput): Action | undefined {
  if (node.spec.desiredState !== 'Running') return undefined;
  const { volumes, movedKeys } = input.facts ?? {};
  const known = volumes?.get(key);
  const lost = known === undefined ? [] : lostVolumes(node, known);
  const moved = movedKeys?.get(key);
  if (lost.length === 0 && moved === undefined) return undefined;
  const because =
    lost.length > 0
      ? 'its pod would start with another volume than the one on which its key has signed'
      : 'its pod would start without the record of what its key has signed elsewhere';
  const nodes = { live: undefined, desired: node };
  return withConsequences({ do: 'start', ref: refOf(node), file, lost, ...defined({ moved }), because }, nodes, input);
}

/** A node that another executor has, or had, where no cluster is asked. */
function arrival(ref: Ref, { facts }: PlanInput): Pick<Action, 'move'> {
  const from = facts?.arrivals?.get(keyOf(ref));
  return from === undefined ? {} : { move: { from } };
}

/** A live node that another executor of this repository applied, and that is now declared for this one. */
function moveFrom({ metadata, spec }: BlockchainNode, { executor }: PlanInput): Pick<Action, 'move'> {
  const from = metadata.labels?.[LABEL.executor];
  return from === undefined || from === executor || spec.executor !== from ? {} : { move: { from } };
}

/** The whole spec must be equal; of labels and annotations only those that the controller sets. */
function changesOf(live: BlockchainNode, desired: KubeObject): readonly Change[] {
  const view = ownView(desired);
  const metadata = {
    labels: pick(live.metadata.labels, view.metadata.labels),
    annotations: pick(live.metadata.annotations, view.metadata.annotations),
  };
  const changes = [
    ...toChanges(diff(metadata, view.metadata), ['metadata']),
    ...toChanges(diff(live.spec, view.spec), ['spec']),
  ];
  if (changes.length > 0) return changes;
  // A label that was removed from the file shows only in the digest, because another owner may have set the same label.
  const { [ANNOTATION.applied]: from } = live.metadata.annotations ?? {};
  const { [ANNOTATION.applied]: to } = desired.metadata.annotations ?? {};
  return from === to ? [] : toChanges([{ path: ['annotations', ANNOTATION.applied], from, to }], ['metadata']);
}

function pick(from: Readonly<Record<string, string>> = {}, names: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.keys(names).flatMap((name) => (Object.hasOwn(from, name) ? [[name, from[name]]] : [])),
  );
}

interface Leaving {
  readonly action?: Action;
  readonly kept?: Kept;
}

/** A node in the cluster that Git does not declare for this executor. */
function prune(node: BlockchainNode, input: PlanInput): Leaving {
  const ref = refOf(node);
  const file = node.metadata.annotations?.[ANNOTATION.file] ?? 'its file';
  if (node.metadata.deletionTimestamp !== undefined) return { kept: { ref, because: 'it is being deleted' } };
  const stop = stopDenied(node, input);
  if (stop !== undefined) return { action: stop };
  const why = whyKept(keyOf(node), file, input);
  return why === undefined ? { action: deletionOf(node, file, input) } : { kept: { ref, ...why } };
}

function deletionOf(node: BlockchainNode, file: string, input: PlanInput): Action {
  const ref = refOf(node);
  const uid = node.metadata.uid ?? '';
  const elsewhere = input.desired.nodes.get(keyOf(node))?.node.spec.executor;
  const because =
    elsewhere === undefined ? `removed from Git: ${file} no longer declares it` : `its executor is now ${elsewhere}`;
  // The data may not be in the other cluster yet, or the other executor uses these very volumes.
  const keepsVolumes = elsewhere !== undefined || node.spec.deletionPolicy !== 'Delete';
  const move = elsewhere === undefined ? {} : { move: { to: elsewhere } };
  const action: Action = { do: 'delete', ref, uid, keepsVolumes, because, ...move };
  return withConsequences(action, { live: node, desired: undefined }, input);
}

/**
 * The policy refuses the document, which says that the node is stopped: only that is applied to the last good state. Not
 * to a spec that was edited in the cluster, which would then count as applied.
 */
function stopDenied(live: BlockchainNode, input: PlanInput): Action | undefined {
  const file = input.desired.stoppedNodes.get(keyOf(live));
  if (file === undefined || live.spec.desiredState === 'Stopped' || isEditedByHand(live)) return undefined;
  const { name, namespace, labels, annotations } = live.metadata;
  const { apiVersion, kind, spec } = live;
  const stopped: BlockchainNode = {
    apiVersion,
    kind,
    metadata: defined({ name, namespace, labels, annotations }),
    spec: { ...spec, desiredState: 'Stopped' },
  };
  const changes = toChanges(diff(spec, stopped.spec), ['spec']);
  const because = `stopped by ${file}; the policy refuses everything else in its document`;
  const action: Action = {
    do: 'update',
    ref: refOf(live),
    object: withApplied(stopped),
    file,
    changes,
    drift: false,
    because,
  };
  return withConsequences(action, { live, desired: stopped }, input);
}

/** Nothing is pruned because of a file with an error: the file may declare the node. */
function whyKept(key: string, file: string, { desired }: PlanInput): Omit<Kept, 'ref'> | undefined {
  const { nodes, files } = desired.brokenBy;
  if (desired.fleetBroken)
    return brokenKept('fleet.yaml has an error: nothing is changed until it is corrected', files.get(FLEET_FILE));
  if (desired.brokenNodes.has(key))
    return brokenKept('its document has an error: it keeps its last good state', nodes.get(key) ?? files.get(file));
  if (!desired.brokenFiles.has(file)) return undefined;
  return brokenKept(`${file} has an error: what came from it keeps its last good state`, files.get(file));
}

function brokenKept(because: string, error: FileError | undefined): Omit<Kept, 'ref'> {
  return { because, brokenBy: error === undefined ? because : `${error.file}:${error.line}: ${error.message}` };
}

function leavingKept(live: BlockchainNode | undefined): readonly Kept[] {
  if (live?.metadata.deletionTimestamp === undefined) return [];
  return [{ ref: refOf(live), because: 'it is being deleted and is created again after that' }];
}

/** Nothing of it changes, and it waits for its key, or for what else it uses. */
function waitingKept(node: BlockchainNode, live: BlockchainNode | undefined, input: PlanInput): readonly Kept[] {
  if (live === undefined || node.spec.desiredState !== 'Running') return [];
  const unusable = input.facts?.unusable?.get(keyOf(node));
  const lines = [...(unusable === undefined ? [] : [`its pod does not start: ${unusable}`]), ...heldLines(node, input)];
  return lines.map((because) => ({ ref: refOf(node), because }));
}

/** A Switchover gave the node another identity than its file names. The plan does not undo that, and reports it. */
function overrideKept(
  { spec }: BlockchainNode,
  live: BlockchainNode | undefined,
  active: string | undefined,
): readonly Kept[] {
  const inGit = spec.identity?.secretName;
  if (live === undefined || active === undefined || active === inGit) return [];
  const because = `it signs with ${active} since a Switchover, although its file names ${inGit ?? 'no identity'}: change the file to match`;
  return [{ ref: refOf(live), because }];
}
