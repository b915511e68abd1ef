// What an action does to the node's pod, its volumes and its key, in whole sentences for reviewers.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { isSuspendedItself } from '../api/fleet.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import type { NodeVolume, NodeWorkload } from '../api/node-workload.ts';
import { keyOf } from '../api/objects.ts';
import { isSmaller } from '../lib/quantity.ts';
import type { Action } from './action.ts';
import type { PlanInput } from './input.ts';
import { describeVolume } from './judge-volumes.ts';
import { keyLines } from './key-lines.ts';

/** The action with what follows from it. `live` and `desired` are the node before and after. */
export function withConsequences(
  action: Action,
  nodes: { readonly live: BlockchainNode | undefined; readonly desired: BlockchainNode | undefined },
  input: PlanInput,
): Action {
  const { facts } = input;
  const workloadOf = input.describesPods === true ? input.workloadOf : undefined;
  const before = nodes.live === undefined ? undefined : workloadOf?.(nodes.live);
  const after = nodes.desired === undefined ? undefined : workloadOf?.(nodes.desired);
  const known = facts?.volumes?.get(keyOf(action.ref));
  const consequences = [
    ...moveLines(action, nodes.live ?? nodes.desired),
    ...keyLines(action, nodes.desired, input),
    ...workloadLines(action, {
      before,
      after,
      suspended: suspensionStep(nodes, input),
      isPresent: ({ pvc }) => isLive(pvc, known),
      sizeOf: ({ pvc }) => known?.live?.find((one) => one.pvc === pvc)?.size,
      contentOf: ({ pvc }) => (known === undefined ? undefined : describeVolume(pvc, known)),
    }),
  ];
  return consequences.length === 0 ? action : { ...action, consequences };
}

function isLive(pvc: string, known: KnownVolumes | undefined): boolean | undefined {
  return known?.live?.some((one) => one.pvc === pvc);
}

interface Change {
  readonly before: NodeWorkload | undefined;
  readonly after: NodeWorkload | undefined;
  /** What the action does to a suspension by the node's own spec. */
  readonly suspended: SuspensionStep | undefined;
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
      startLine(after),
      ...after.volumes.map((volume) => newVolume(volume, after, change)),
    ];
  return action.do === 'update' && suspended !== undefined
    ? resumedLines(actionLines(action, change), change)
    : actionLines(action, change);
}

/** That the pod is not restarted cannot be said of it. */
function resumedLines(lines: readonly string[], { before, after, suspended }: Change): readonly string[] {
  const isCalm = before?.running === true && before.podDigest === after?.podDigest;
  return [...(isCalm ? lines.slice(1) : lines), RESUMED, ...(suspended === 'Unclear' ? [UNCLEAR] : [])];
}

function actionLines(action: Action, change: Change): readonly string[] {
  const { before, after } = change;
  switch (action.do) {
    case 'create':
      return after === undefined
        ? []
        : [startLine(after), ...after.volumes.map((volume) => newVolume(volume, after, change))];
    case 'update':
      return before === undefined || after === undefined || action.move !== undefined
        ? []
        : [podLine(before, after), ...after.volumes.flatMap((volume) => volumeLine(volume, { before, after }, change))];
    case 'start':
      return after === undefined ? [] : [startLine(after)];
    case 'delete':
      return before?.running === true ? [stopLine(before)] : [];
  }
}

function startLine({ pod, running }: NodeWorkload): string {
  return running ? `the pod ${pod} starts` : `no pod starts: the node is stopped`;
}

function stopLine({ pod, graceSeconds }: NodeWorkload): string {
  return `the pod ${pod} stops; it has ${graceSeconds} s to do so`;
}

function podLine(before: NodeWorkload, after: NodeWorkload): string {
  if (!before.running) return after.running ? startLine(after) : 'no pod is affected: the node is stopped';
  if (!after.running) return stopLine(before);
  return before.podDigest === after.podDigest
    ? `the pod ${after.pod} is not restarted`
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
