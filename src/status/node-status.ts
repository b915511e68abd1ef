// Everything known about a node → its status.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import { findCondition, mergeConditions, type NewCondition } from '../api/conditions.ts';
import { ANNOTATION } from '../api/group.ts';
import { describeLeft } from '../api/fleet.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { defined } from '../lib/defined.ts';
import { dataAtRisk } from './data-at-risk.ts';
import { judgeNode } from './judge-node.ts';
import { describeLost, lostVolumes } from './lost-volumes.ts';
import { cleanMessage, type Hold, type Observation, type Pause, type Trouble } from './observation.ts';
import { currentPod, readPvcs, type PodView } from './pod-view.ts';
import type { RoleVerdict } from './role-view.ts';
import { heightFell, provenHeight } from './proven-height.ts';
import { roleStatuses } from './role-statuses.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { Verdict } from './verdict.ts';
import { ownPvcs, volumeStatuses } from './volume-statuses.ts';

/**
 * The status after an observation. Pure: the same observation gives the same status. Conditions hold no figures and keep their
 * transition times; figures are in their own fields (whether to write them now is for statusChanged to say).
 */
export function nodeStatus(observation: Observation): NodeStatus {
  const { node, now } = observation;
  const pod = currentPod(observation.pods);
  const pvcs = readPvcs(observation.pvcs);
  // Others, left by hand, are only named.
  const own = ownPvcs(node, pvcs);
  const { verdict, roles, updating } = judgeNode(observation, pod, own);
  const roleList = roleStatuses(observation, pod ?? unlabelledOf(observation), roles);
  const judged = [...roles.values()];
  const height = roleList.find((role) => role.height !== undefined)?.height;
  // Heights of different roles are not comparable: that of the first one counts, or none.
  const ofFirst = roleList[0]?.height;
  const proven = provenHeight(observation, { height: ofFirst, isRestarted: isRestarted(node, pod) });
  const lost = lostVolumes(observation, { pvcs: own, roles: roleList, verdicts: roles });
  const risks = [
    ...dataAtRisk(node, own),
    ...describeLost(node, lost),
    ...heightFell(observation, { height: ofFirst, proven }),
  ];
  // One condition of a type: a volume that is being deleted is the most urgent one, and a loss explains a height that fell.
  const conditions = [...conditionsOf(observation, verdict, updating), ...risks.slice(0, 1)];
  return defined({
    phase: phaseOf(verdict, observation.trouble),
    observedGeneration: node.metadata.generation,
    conditions: mergeConditions(node.status?.conditions ?? [], conditions, {
      now: timestamp(now),
      generation: node.metadata.generation,
    }),
    ...remembered(observation, pod),
    height,
    provenHeight: proven,
    peers: roleList.find((role) => role.peers !== undefined)?.peers,
    synced: verdict.phase === 'Running' && judged.every((role) => role.synced),
    roles: roleList,
    volumes: volumeStatuses(node, pvcs),
    lostVolumes: lost.length === 0 ? undefined : lost,
    hold: cleaned(observation.hold),
    pause: statusPause(observation.pause),
    observedAt: observedAt(observation, judged),
  });
}

function unlabelledOf({ unlabelledPod }: Observation): PodView | undefined {
  return unlabelledPod === undefined ? undefined : currentPod([unlabelledPod.pod]);
}

/** What stays known while it cannot be observed. */
function remembered({ node, revision }: Observation, pod: PodView | undefined) {
  return {
    appliedRevision: revision ?? node.status?.appliedRevision,
    observedRestartGeneration: restartGeneration(pod) ?? node.status?.observedRestartGeneration,
  };
}

/** When the figures shown were read: while the figures of a missed answer stand, so does their time. Absent before the first answer. */
function observedAt({ node, now }: Observation, roles: readonly RoleVerdict[]): string | undefined {
  const heard = roles.some(({ state }) => state === 'Running' || state === 'Syncing');
  const fresh = heard && !roles.some(({ keepsFigures }) => keepsFigures);
  return fresh ? timestamp(now) : node.status?.observedAt;
}

/** A node that could not be rendered at all shows that; one that runs keeps its phase. */
function phaseOf(verdict: Verdict, trouble: Trouble | undefined): NodeStatus['phase'] {
  const working = verdict.phase === 'Running' || verdict.phase === 'Syncing' || verdict.phase === 'Stopped';
  return trouble?.stalled === true && !working ? 'Error' : verdict.phase;
}

function conditionsOf(observation: Observation, verdict: Verdict, updating: boolean): NewCondition<NodeReason>[] {
  const circumstances: Circumstances = {
    trouble: cleaned(observation.trouble),
    hold: cleaned(observation.hold),
    pause: pauseCause(observation),
    broken: brokenCause(observation),
    refused: refusedCause(observation),
    updating,
  };
  return [
    readyOf(observation, verdict, circumstances),
    ...reconcilingOf(verdict, circumstances),
    ...stalledOf(verdict, circumstances),
    ...unappliedOf(circumstances),
    ...contestedOf(observation),
    ...suspendedOf(observation),
  ];
}

interface Circumstances {
  readonly trouble: Trouble | undefined;
  readonly hold?: Hold | undefined;
  readonly pause?: (Cause & Pick<Pause, 'stalled'>) | undefined;
  /** What Git asks for cannot be read. */
  readonly broken?: Cause | undefined;
  /** What the API server refuses of it. */
  readonly refused?: Cause | undefined;
  /** The pod is not yet of the latest revision. */
  readonly updating: boolean;
}

/**
 * Ready is True while the node does what its spec asks. A passing trouble (an API server that does not answer) changes
 * nothing for a node whose spec is applied already.
 */
function readyOf(
  { node }: Observation,
  verdict: Verdict,
  { trouble, updating }: Circumstances,
): NewCondition<NodeReason> {
  if (trouble !== undefined && (trouble.stalled || !wasReady(node)))
    return { type: 'Ready', status: 'False', reason: trouble.reason, message: trouble.message };
  const good = doesWhatSpecAsks(verdict);
  if (good && updating)
    return {
      type: 'Ready',
      status: 'False',
      reason: 'Updating',
      message: 'The pod is being replaced by one of the new spec.',
    };
  return { type: 'Ready', status: good ? 'True' : 'False', reason: verdict.reason, message: verdict.message };
}

/** With the spec as it is now. */
function wasReady({ status, metadata }: BlockchainNode): boolean {
  const before = findCondition(status?.conditions, 'Ready');
  return before?.status === 'True' && before.observedGeneration === metadata.generation;
}

function doesWhatSpecAsks({ phase, reason }: Verdict): boolean {
  return phase === 'Running' || reason === 'Stopped';
}

type Cause = Pick<NewCondition<NodeReason>, 'reason' | 'message'>;

function reconcilingOf(verdict: Verdict, circumstances: Circumstances): NewCondition<NodeReason>[] {
  const cause = reconcilingBecause(verdict, circumstances);
  if (cause === undefined) return [];
  return [{ type: 'Reconciling', status: 'True', reason: cause.reason, message: cause.message }];
}

function reconcilingBecause(verdict: Verdict, circumstances: Circumstances): Cause | undefined {
  const { trouble, updating } = circumstances;
  const waitsFor = trouble?.stalled === false ? trouble : keptBecause(circumstances);
  if (waitsFor !== undefined) return waitsFor;
  if (stalledBecause(verdict, circumstances) !== undefined) return undefined;
  if (updating) return { reason: 'Updating', message: 'The pod is being replaced.' };
  const isDone = verdict.phase === 'Running' || verdict.phase === 'Stopped' || verdict.reason === 'Suspended';
  return isDone ? undefined : { reason: 'Progressing', message: verdict.message };
}

/** What keeps the node from what its spec asks for, and may end without a change of its file. */
function keptBecause({ hold, pause, refused }: Circumstances): Cause | undefined {
  const kept = hold ?? refused;
  return pause?.stalled === true ? kept : (pause ?? kept);
}

function stalledOf(verdict: Verdict, circumstances: Circumstances): NewCondition<NodeReason>[] {
  const cause = stalledBecause(verdict, circumstances);
  if (cause === undefined) return [];
  return [{ type: 'Stalled', status: 'True', reason: cause.reason, message: cause.message }];
}

/** Also a node that is well, while what Git asks for cannot be read: no time will apply it. */
function stalledBecause(verdict: Verdict, { trouble, broken }: Circumstances): Cause | undefined {
  if (trouble?.stalled === true) return trouble;
  return verdict.stalled ? verdict : broken;
}

function contestedOf({ contested = [] }: Observation): NewCondition<NodeReason>[] {
  if (contested.length === 0) return [];
  return [
    { type: 'Contested', status: 'True', reason: 'RepairRepeats', message: cleanLine(contested.join(' '), 1_000) },
  ];
}

/** Beside Ready: a node that is left as it is may run well. */
function suspendedOf({ suspension }: Observation): NewCondition<NodeReason>[] {
  if (suspension === undefined) return [];
  return [{ type: 'Suspended', status: 'True', reason: 'Suspended', message: describeLeft(suspension) }];
}

/** What Git asks for is not what the cluster has, although the node may be well. */
function unappliedOf({ broken, hold, refused }: Circumstances): NewCondition<NodeReason>[] {
  const cause = broken ?? hold ?? refused;
  if (cause === undefined) return [];
  return [{ type: 'Unapplied', status: 'True', reason: cause.reason, message: cause.message }];
}

function pauseCause({ pause }: Observation): Circumstances['pause'] {
  if (pause === undefined) return undefined;
  return { reason: 'Paused', message: cleanMessage(pause.message), ...defined({ stalled: pause.stalled }) };
}

function brokenCause({ broken }: Observation): Cause | undefined {
  return broken === undefined ? undefined : { reason: 'FileBroken', message: cleanMessage(broken) };
}

function refusedCause({ refused }: Observation): Cause | undefined {
  return refused === undefined ? undefined : { reason: 'ObjectRefused', message: cleanMessage(refused) };
}

function cleaned<T extends { readonly message: string }>(said: T | undefined): T | undefined {
  return said === undefined ? undefined : { ...said, message: cleanMessage(said.message) };
}

function statusPause(pause: Pause | undefined): NodeStatus['pause'] {
  return pause === undefined ? undefined : { by: pause.by, message: cleanMessage(pause.message) };
}

/** A person asked for a restart, which is done now. */
function isRestarted({ status }: BlockchainNode, pod: PodView | undefined): boolean {
  const [before, now] = [status?.observedRestartGeneration, restartGeneration(pod)];
  return before !== undefined && now !== undefined && now > before;
}

function restartGeneration(pod: PodView | undefined): number | undefined {
  const text = pod?.metadata.annotations[ANNOTATION.restartGeneration];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
