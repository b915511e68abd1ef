// Volumes of a node whose PVC is gone, or another one now: Kubernetes makes an empty one without a word.

import type { BlockchainNode, NodeStatus, RoleStatus } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { NewCondition } from '../api/conditions.ts';
import { defined } from '../lib/defined.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { Observation } from './observation.ts';
import type { PvcView } from './pod-view.ts';
import type { RoleVerdict } from './role-view.ts';
import { pvcsOf } from './volume-statuses.ts';

type Lost = NonNullable<NodeStatus['lostVolumes']>[number];

interface Seen {
  readonly pvcs: readonly PvcView[];
  /** The first one has the chain data. */
  readonly roles: readonly RoleStatus[];
  readonly verdicts: ReadonlyMap<string, RoleVerdict>;
}

/**
 * What was lost before or is now, in the order of spec.storage. An entry stays until the node has the height again that it
 * had, or a person raises `spec.restartGeneration`. The status before is the memory of it: it outlives the controller.
 */
export function lostVolumes(observation: Observation, seen: Seen): Lost[] {
  const { node } = observation;
  return pvcsOf(node).flatMap(({ volume, pvc }) => {
    const live = seen.pvcs.find(({ metadata }) => metadata.name === pvc)?.metadata.uid;
    const lost = lossOf({ volume, pvc, live }, observation);
    if (lost === undefined || isOver(lost, observation, seen)) return [];
    return [{ ...lost, ...defined({ by: live }) }];
  });
}

interface Volume {
  readonly volume: string;
  readonly pvc: string;
  /** UID of the PVC that is there. */
  readonly live: string | undefined;
}

function lossOf({ volume, pvc, live }: Volume, observation: Observation): Lost | undefined {
  const { status } = observation.node;
  const before = status?.volumes?.find(({ claim }) => claim === pvc)?.uid;
  if (before !== undefined && before !== live) return lostNow(volume, before, observation);
  const known = knownLoss(volume, status);
  // Its own PVC is back, which the watch did not show for a while.
  return known?.uid === live ? undefined : known;
}

function knownLoss(volume: string, status: NodeStatus | undefined): Lost | undefined {
  return status?.lostVolumes?.find(({ name }) => name === volume);
}

/** Of one that was lost before, and again now, only the last loss counts; the height is that of the first. */
function lostNow(volume: string, uid: string, { node, now }: Observation): Lost {
  const { status, spec } = node;
  return {
    name: volume,
    uid,
    at: timestamp(now),
    ...defined({
      height: knownLoss(volume, status)?.height ?? heightOf(volume, status),
      restartGeneration: spec.restartGeneration,
    }),
  };
}

/** A role with a volume of its own has its own height; every other volume has the chain data. */
function heightOf(volume: string, status: NodeStatus | undefined): number | undefined {
  const [first, ...others] = status?.roles ?? [];
  const own = others.find(({ name }) => name === volume);
  return own === undefined ? (status?.provenHeight ?? first?.height) : own.height;
}

function isOver(lost: Lost, observation: Observation, seen: Seen): boolean {
  const { restartGeneration = 0 } = observation.node.spec;
  if (restartGeneration > (lost.restartGeneration ?? 0)) return true;
  const role = seen.roles.find(({ name }) => name === lost.name) ?? seen.roles[0];
  return (
    role !== undefined && isFromNewVolume(lost, role, observation) && hasCaughtUp(lost, role, { observation, seen })
  );
}

/** Only an answer that is younger than the loss. */
function isFromNewVolume({ at }: Lost, { name }: RoleStatus, { answeredAt }: Observation): boolean {
  return (answeredAt?.get(name) ?? 0) > Date.parse(at) + SECOND_MS;
}

interface Judged {
  readonly observation: Observation;
  readonly seen: Seen;
}

function hasCaughtUp(lost: Lost, { name, height }: RoleStatus, { observation, seen }: Judged): boolean {
  const hasHeight = lost.height !== undefined && observation.expectations.get(name)?.keepsHeight !== 'never';
  return hasHeight ? (height ?? -1) >= (lost.height ?? 0) : seen.verdicts.get(name)?.synced === true;
}

/** Times are written in whole seconds. */
const SECOND_MS = 1000;

/** The condition DataAtRisk of what is lost. */
export function describeLost(
  node: Pick<BlockchainNode, 'metadata' | 'spec'>,
  lost: readonly Lost[],
): readonly NewCondition<NodeReason>[] {
  if (lost.length === 0) return [];
  const reason = lost.some(({ by }) => by === undefined) ? 'VolumeMissing' : 'VolumeReplaced';
  const names = new Map(pvcsOf(node).map(({ volume, pvc }) => [volume, pvc]));
  const message = `${lost.map((one) => sentenceOf(one, names.get(one.name) ?? one.name)).join(' ')} ${ADVICE}`;
  return [{ type: 'DataAtRisk', status: 'True', reason, message }];
}

const ADVICE =
  'Restore a Backup into the node, or let it sync again. This stays until it has that block again (where none is known: until it is synced), or until spec.restartGeneration is raised.';

function sentenceOf({ name, uid, by, at, height }: Lost, pvc: string): string {
  const had = height === undefined ? 'How far the node was is not known.' : `The node had block ${height}.`;
  return by === undefined
    ? `The PVC ${pvc} of the volume ${name} (UID ${uid}) is gone, noticed at ${at}: its data is lost unless its PersistentVolume was kept, and the next pod gets an empty volume. ${had}`
    : `The volume ${name} was replaced, noticed at ${at}: its PVC ${pvc} has the UID ${by}, and had ${uid}. The data of the old one is lost unless its PersistentVolume was kept. ${had}`;
}
