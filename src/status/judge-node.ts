// One verdict for the whole node: what it is asked to do, its pod, its clients, in this order.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { isNodeReason, type NodeReason } from '../api/codes/node-reasons.ts';
import { findCondition } from '../api/conditions.ts';
import { type Suspension, whySuspended } from '../api/fleet.ts';
import { judgeRole } from './judge-role.ts';
import { judgePod, type PodContext } from './judge-pod.ts';
import { cleanMessage, type Observation } from './observation.ts';
import { readEvents, readStatefulSet, type PvcView, type PodView, type StatefulSetView } from './pod-view.ts';
import type { RoleVerdict, RoleView } from './role-view.ts';
import { roleViews } from './role-views.ts';
import { stuck, underway, worst, type Verdict } from './verdict.ts';

export interface NodeVerdict {
  readonly verdict: Verdict;
  /** By role; empty while no client runs. */
  readonly roles: ReadonlyMap<string, RoleVerdict>;
  /** The pod is not yet of the latest revision. */
  readonly updating: boolean;
}

export function judgeNode(observation: Observation, pod: PodView | undefined, pvcs: readonly PvcView[]): NodeVerdict {
  const set = observation.statefulSet === undefined ? undefined : readStatefulSet(observation.statefulSet);
  const still =
    judgeDeletion(observation) ??
    judgeUnlabelled(observation, set) ??
    judgeStop(observation, set, pod) ??
    judgeStart(observation, set);
  if (still !== undefined) return { verdict: still, roles: new Map(), updating: false };
  const views = roleViews(observation, pod);
  const roles = judgeRoles(views, pod);
  const ofPod = judgePod(pod, pvcs, podContext(observation));
  const missing = views.some(isAbsent) ? starting() : undefined;
  const ofRoles = worst(causesFirst(roles));
  const verdict = worst([ofPod, missing, ofRoles].filter((item) => item !== undefined)) ?? starting();
  const unready = verdict.phase === 'Running' ? judgeReadiness(pod) : undefined;
  return { verdict: unready ?? verdict, roles, updating: isUpdating(set, pod) };
}

/** A client that shuts down, which may take minutes, answers no questions: that is no fault of its. */
function judgeRoles(views: readonly RoleView[], pod: PodView | undefined): ReadonlyMap<string, RoleVerdict> {
  const isLeaving = pod?.metadata.deletionTimestamp !== undefined;
  const running = isLeaving ? [] : views.filter(({ container }) => container?.state.running !== undefined);
  return new Map(running.map((view) => [view.role, judgeRole(view)]));
}

function isAbsent({ container, expectation }: RoleView): boolean {
  return container === undefined && expectation !== undefined;
}

function starting(): Verdict {
  return underway('Configuring', 'Starting', 'The containers are starting.');
}

function judgeDeletion({ node }: Observation): Verdict | undefined {
  if (node.metadata.deletionTimestamp === undefined) return undefined;
  return underway('Stopping', 'Deleting', 'The node is being deleted.');
}

/** Neither stopped nor on its way, although its StatefulSet has no pod: only a person can end the pod or give it back. */
function judgeUnlabelled({ unlabelledPod }: Observation, set: StatefulSetView | undefined): Verdict | undefined {
  if (unlabelledPod === undefined) return undefined;
  const found = stuck('PodUnlabelled', cleanMessage(unlabelledPod.message));
  return set?.replicas === 0 ? { ...found, phase: 'Stopping' } : found;
}

function judgeStop(
  observation: Observation,
  set: StatefulSetView | undefined,
  pod: PodView | undefined,
): Verdict | undefined {
  const stopped = observation.node.spec.desiredState === 'Stopped' ? STOPPED : stoppedForNow(observation, set);
  if (stopped === undefined) return undefined;
  const isGone = pod === undefined && (set?.replicas ?? 0) === 0;
  return isGone ? stopped : underway('Stopping', 'Stopping', 'The client is shutting down; its pod is not gone yet.');
}

const STOPPED = underway('Stopped', 'Stopped', 'Stopped, as spec.desiredState asks.');

/** A job, or an action that is held, keeps a node stopped whose desired state is Running: it is not Ready then. */
function stoppedForNow({ hold, pause }: Observation, set: StatefulSetView | undefined): Verdict | undefined {
  if (set?.replicas !== 0) return undefined;
  if (pause !== undefined) {
    const paused = underway('Stopped', 'Paused', cleanMessage(pause.message));
    return pause.stalled === true ? { ...paused, stalled: true } : paused;
  }
  return hold === undefined
    ? undefined
    : underway('Stopped', hold.reason, 'Stopped for now; status.hold says why and what to do.');
}

function judgeStart({ node, suspension }: Observation, set: StatefulSetView | undefined): Verdict | undefined {
  if (set !== undefined) return undefined;
  if (node.status?.appliedRevision !== undefined)
    return underway('Pending', 'ObjectDeleted', whatIsDeleted(node, suspension));
  return suspension === undefined
    ? underway('Pending', 'Creating', "The node's objects are being created.")
    : underway('Pending', 'Suspended', `The node was never created: ${whySuspended(suspension)}`);
}

function whatIsDeleted({ metadata }: BlockchainNode, suspension: Suspension | undefined): string {
  const deleted = `The StatefulSet ${metadata.name} was deleted, not by the controller`;
  return suspension === undefined
    ? `${deleted}. It is made again.`
    : `${deleted}, and is not made again: ${whySuspended(suspension)}`;
}

function podContext({ node, now, events = [] }: Observation): PodContext {
  const ready = findCondition(node.status?.conditions, 'Ready');
  return {
    now,
    previousReason: isNodeReason(ready?.reason) ? ready.reason : undefined,
    previousMessage: ready?.message,
    events: readEvents(events),
  };
}

/** A client may answer the controller while its readiness probe fails: then no Service reaches it. */
function judgeReadiness(pod: PodView | undefined): Verdict | undefined {
  const unready = (pod?.status.containerStatuses ?? []).filter(({ ready }) => !ready).map(({ name }) => name);
  const condition = pod?.status.conditions.find(({ type }) => type === 'Ready');
  if (unready.length === 0 && condition?.status !== 'False') return undefined;
  const what = unready.length === 0 ? 'The pod is' : `${unready.join(', ')} ${unready.length === 1 ? 'is' : 'are'}`;
  const message = `${what} not ready, so no Service sends requests to the node; see the readiness probes in the pod's Events.`;
  return underway('Configuring', 'NotReady', message);
}

/** Complaints about another process, which are consequences while that process is not up itself. */
const CONSEQUENCES: ReadonlySet<NodeReason> = new Set(['ExecutionOffline', 'WaitingForConsensusClient']);

function causesFirst(roles: ReadonlyMap<string, RoleVerdict>): readonly Verdict[] {
  const all = [...roles.values()];
  const causes = all.filter((verdict) => !CONSEQUENCES.has(verdict.reason));
  const othersUp = causes.every(({ state }) => state === 'Running' || state === 'Syncing');
  return othersUp ? all : causes;
}

const REVISION_LABEL = 'controller-revision-hash';

function isUpdating(set: StatefulSetView | undefined, pod: PodView | undefined): boolean {
  const desired = set?.updateRevision ?? '';
  const actual = pod?.metadata.labels[REVISION_LABEL];
  return desired !== '' && actual !== undefined && actual !== desired;
}
