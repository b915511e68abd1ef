// What an action does to the node's pod, its volumes and its key, in whole sentences for reviewers.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { isSuspendedItself } from '../api/fleet.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import type { NodeVolume, NodeWorkload } from '../api/node-workload.ts';
import { keyOf } from '../api/objects.ts';
import { isSmaller } from '../lib/quantity.ts';
import type { Action } from './action.ts';
import { type BusyNode, deletedUnder, pausedStart, pausedStop } from './busy-node.ts';
import type { PlanFacts, PlanInput } from './input.ts';
import { describeVolume } from './judge-volumes.ts';
import { keyLines } from './key-lines.ts';

/** The action with what follows from it. `live` and `desired` are the node before and after. */
export function withConsequences(
  action: Action,
  nodes: { readonly live: BlockchainNode | undefined; readonly desired: BlockchainNode | undefined },
  input: PlanInput,
): Action {
  const { facts = {} } = input;
  const workload = (node: BlockchainNode | undefined): NodeWorkload | undefined =>
    node === undefined || input.describesPods !== true ? undefined : input.workloadOf?.(node);
  const [before, after] = [workload(nodes.live), workload(nodes.desired)];
  const consequences = [
    ...moveLines(action, nodes.live ?? nodes.desired),
    ...keyLines(action, nodes.desired, input),
    ...workloadLines(action, {
      before,
      after,
      suspended: suspensionStep(nodes, input),
      ...knownOf(keyOf(action.ref), facts),
    }),
  ];
  return consequences.length === 0 ? action : { ...action, consequences };
}

function knownOf(
  key: string,
  { volumes, busyNodes, unusable }: PlanFacts,
): Omit<Change, 'before' | 'after' | 'suspended'> {
  const known = volumes?.get(key);
  return {
    busy: busyNodes?.get(key),
    unusable: unusable?.get(key),
    isPresent: ({ pvc }) => isLive(pvc, known),
    sizeOf: ({ pvc }) => known?.live?.find((one) => one.pvc === pvc)?.size,
    contentOf: ({ pvc }) => (known === undefined ? undefined : describeVolume(pvc, known)),
  };
}

function isLive(pvc: string, known: KnownVolumes | undefined): boolean | undefined {
  return known?.live?.some((one) => one.pvc === pvc);
}

interface Change {
  readonly before: NodeWorkload | undefined;
  readonly after: NodeWorkload | undefined;
  /** What the action does to a suspension by the node's own spec. */
  readonly suspended: SuspensionStep | undefined;
  readonly busy: BusyNode | undefined;
  /** Why no pod starts with what the node uses. */
  readonly unusable: string | undefined;
  /** Undefined when the cluster is not known. */
  readonly isPresent: (volume: NodeVolume) => boolean | undefined;
  /** Of an existing PVC, where it is known: the spec in the cluster may have another one already. */
  readonly sizeOf: (volume: NodeVolume) => string | undefined;
  /** What an existing PVC holds, as far as it is known. */
  readonly contentOf: (volume: NodeVolume) => string | undefined;
}

/** `Unclear`: without a cluster it is not known whether the node was ever created. */
type SuspensionStep = 'CreatedSuspended' | 'Created' | 'Resumed' | 'Unclear';

function suspensionStep(
  { live, desired }: { readonly live: BlockchainNode | undefined; readonly desired: BlockchainNode | undefined },
  { describesPods, facts }: PlanInput,
): SuspensionStep | undefined {
  if (describesPods !== true) return undefined;
  const isSuspended = isSuspendedItself(desired?.spec);
  if (live === undefined) return isSuspended ? 'CreatedSuspended' : undefined;
  return isSuspended || !isSuspendedItself(live.spec) ? undefined : resumption(live, facts?.volumes !== undefined);
}

function resumption({ status }: BlockchainNode, isInCluster: boolean): SuspensionStep {
  if (!isInCluster) return 'Unclear';
  return status?.appliedRevision === undefined ? 'Created' : 'Resumed';
}

const RESUMED = 'the node was suspended: what was changed by hand meanwhile is put back, which may restart the pod';
const UNCLEAR = 'if it was created suspended, it gets its objects, volumes and pod only now';

function workloadLines(action: Action, change: Change): readonly string[] {
  const { after, suspended } = change;
  if (suspended === 'CreatedSuspended')
    return ['nothing of it is created, and no pod starts, while its spec.suspend is true'];
  if (suspended === 'Created' && after !== undefined)
    return [
      'the node was created suspended, and gets its objects now',
      startLine(after, change),
      ...after.volumes.map((volume) => newVolume(volume, after, change)),
    ];
  return action.do === 'update' && suspended !== undefined
    ? resumedLines(actionLines(action, change), change)
    : actionLines(action, change);
}

/** That the pod is not restarted cannot be said of it. */
function resumedLines(lines: readonly string[], { after, suspended }: Change): readonly string[] {
  const calm = after === undefined ? '' : notRestarted(after);
  return [...lines.filter((line) => line !== calm), RESUMED, ...(suspended === 'Unclear' ? [UNCLEAR] : [])];
}

function actionLines(action: Action, change: Change): readonly string[] {
  const { before, after } = change;
  switch (action.do) {
    case 'create':
      return after === undefined
        ? []
        : [startLine(after, change), ...after.volumes.map((volume) => newVolume(volume, after, change))];
    case 'update':
      return before === undefined || after === undefined || action.move !== undefined
        ? []
        : [
            podLine({ before, after }, change),
            ...after.volumes.flatMap((volume) => volumeLine(volume, { before, after }, change)),
          ];
    case 'start':
      return after === undefined ? [] : [startLine(after, change)];
    case 'delete':
      return [...(before?.running === true ? [stopLine(before, change)] : []), ...deletedUnder(change.busy)];
  }
}

type Hindrance = Pick<Change, 'busy' | 'unusable'>;

function startLine(workload: NodeWorkload, hindrance: Hindrance): string {
  const { pod, running } = workload;
  return running ? (notStarted(workload, hindrance) ?? `the pod ${pod} starts`) : `no pod starts: the node is stopped`;
}

/** What the controller waits for before it makes or changes the StatefulSet, and what keeps that without a pod. */
function notStarted(workload: NodeWorkload, { busy, unusable }: Hindrance): string | undefined {
  if (unusable === undefined) return pausedStart(workload, busy);
  return `the pod ${workload.pod} does not start with this change yet: ${unusable}`;
}

function stopLine(workload: NodeWorkload, { busy }: Hindrance): string {
  const { pod, graceSeconds } = workload;
  return pausedStop(workload, busy) ?? `the pod ${pod} stops; it has ${graceSeconds} s to do so`;
}

interface Both {
  readonly before: NodeWorkload;
  readonly after: NodeWorkload;
}

function podLine({ before, after }: Both, hindrance: Hindrance): string {
  if (!before.running) return after.running ? startLine(after, hindrance) : 'no pod is affected: the node is stopped';
  if (!after.running) return stopLine(before, hindrance);
  return notStarted(after, hindrance) ?? runningLine(before, after);
}

function notRestarted({ pod }: NodeWorkload): string {
  return `the pod ${pod} is not restarted`;
}

function runningLine(before: NodeWorkload, after: NodeWorkload): string {
  return before.podDigest === after.podDigest
    ? notRestarted(after)
    : `the pod ${after.pod} RESTARTS; it has ${before.graceSeconds} s to stop`;
}

/** Kubernetes makes the PVCs of a StatefulSet with its first pod, so that those of a stopped node do not exist yet. */
function newVolume(volume: NodeVolume, { running }: NodeWorkload, { isPresent, contentOf, sizeOf }: Change): string {
  const { name, pvc, size } = volume;
  const present = isPresent(volume);
  if (present === undefined) {
    const otherwise = running ? `it is new (${size})` : `it gets none ${LATER} (${size})`;
    return `the volume ${name} uses the PVC ${pvc} if it exists; otherwise ${otherwise}`;
  }
  const content = contentOf(volume);
  const live = sizeOf(volume);
  const stays = live !== undefined && isSmaller(size, live) ? `; ${staysLarge(volume, live)}` : '';
  if (present)
    return `the volume ${name} uses the existing PVC ${pvc} with its data${content === undefined ? '' : ` (${content})`}${stays}`;
  return running
    ? `the volume ${name} is new and empty (PVC ${pvc}, ${size})`
    : `the volume ${name} gets no PVC ${LATER} (${pvc}, ${size})`;
}

const LATER = 'until the node runs or a Restore fills it';

function volumeLine(
  volume: NodeVolume,
  { before, after }: { readonly before: NodeWorkload; readonly after: NodeWorkload },
  change: Change,
): readonly string[] {
  const old = before.volumes.find(({ name }) => name === volume.name);
  const isFirstRun = !before.running && after.running && change.isPresent(volume) === false;
  if (old === undefined || isFirstRun) return [newVolume(volume, after, change)];
  const from = change.sizeOf(volume) ?? old.size;
  const step = `from ${from} to ${volume.size} (PVC ${volume.pvc})`;
  if (isSmaller(from, volume.size)) return [`the volume ${volume.name} grows ${step}`];
  // Of one that is larger than before and after nothing new is to be said.
  if (!isSmaller(volume.size, from) || volume.size === old.size) return [];
  return [
    isSmaller(volume.size, old.size)
      ? `the volume ${volume.name} would shrink ${step}`
      : `the volume ${volume.name} does not change: ${staysLarge(volume, from)}`,
  ];
}

function staysLarge({ pvc, size }: NodeVolume, live: string): string {
  return `the PVC ${pvc} keeps its ${live}, because Kubernetes cannot make a volume smaller; write ${live} into the file instead of ${size}, or restore a Backup into a new node with a smaller volume`;
}

/** The two halves of a move are in the plans of two controllers, perhaps of two clusters. */
function moveLines({ do: what, move, ref }: Action, node: BlockchainNode | undefined): readonly string[] {
  if (move === undefined) return [];
  const secret = node?.spec.identity?.secretName;
  const key = secret === undefined ? undefined : `the key in the Secret ${keyOf({ ...ref, name: secret })}`;
  if (move.to !== undefined)
    return [
      `the executor ${move.to} creates it; in another cluster its volumes are new and empty: stop it and back it up to object storage first to take its data along`,
      ...(key === undefined
        ? []
        : [`${move.to} must not start ${key} before this executor has stopped the pod and released it`]),
    ];
  const { from } = move;
  return [
    what === 'update'
      ? `${from} deletes it and keeps its volumes; after that it is created again here`
      : `in the cluster of ${from} it gets the volumes that ${from} leaves, when ${from} has deleted it; in another cluster its data does not follow by itself`,
    ...(key === undefined ? [] : [`the pod must not start ${key} before ${from} has stopped its pod and released it`]),
  ];
}
