// Derives a node's status from all that is known of it, and writes it when something that matters changed.

import type { BlockchainNode, NodeStatus } from '../../api/blockchain-node.ts';
import { isNodeReason, type NodeReason } from '../../api/codes/node-reasons.ts';
import { type Condition, findCondition } from '../../api/conditions.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Suspension } from '../../api/fleet.ts';
import { findChain } from '../../chains/index.ts';
import { nodeStatus } from '../../status/node-status.ts';
import { isUrgent } from '../../status/status-changed.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { describeContest } from './apply/announce-repair.ts';
import type { NodeDeps } from './deps.ts';
import { sampleOf } from './node-sample.ts';
import type { NodeObservation } from './observations.ts';
import { findOwnNode } from './owner.ts';
import { podAddress } from './pod.ts';
import type { Suspended } from './suspensions.ts';
import { findUnlabelledPod } from './unlabelled-pod.ts';
import { findPvcs } from './volumes/find-pvcs.ts';

type ReportDeps = Pick<
  NodeDeps,
  | 'cluster'
  | 'events'
  | 'identities'
  | 'lastLogs'
  | 'notify'
  | 'observations'
  | 'ownEvents'
  | 'pauses'
  | 'repairs'
  | 'runtime'
  | 'settings'
  | 'statusWriter'
  | 'suspensions'
  | 'watches'
>;

/** Sends no request when nothing but figures changed since the last write. */
export async function reportNode(key: string, deps: ReportDeps): Promise<ReconcileResult> {
  const found = findOwnNode(key, deps.watches, deps.settings.executor);
  if (found === undefined) {
    deps.ownEvents.forget(key);
    return DONE;
  }
  if (isTooEarly(key, deps)) return DONE;
  const node = deps.statusWriter.withLatest(deps.identities.effective(found));
  const status = await deriveStatus(node, deps);
  deps.runtime.telemetry.node(sampleOf(node, status));
  await persistStatus(node, status, deps);
  return nextReport(key, status, deps);
}

/**
 * Before its first reconciliation since the start nothing is known of what the API server refuses, and after a restart
 * or a take-over a running pod is asked first. The end of either queues the report.
 */
function isTooEarly(key: string, { watches, observations }: ReportDeps): boolean {
  if (!observations.isReconciled(key)) return true;
  return podAddress(watches.owned(key, 'Pod')) !== undefined && !observations.isObserved(key);
}

async function deriveStatus(node: BlockchainNode, deps: ReportDeps): Promise<NodeStatus> {
  const { watches, observations, ownEvents, pauses, repairs, runtime, lastLogs } = deps;
  const key = keyOf(node);
  const known = observations.of(key);
  const statefulSet = await findStatefulSet(node, deps);
  const pods = watches.owned(key, 'Pod');
  const pvcs = await findPvcs(node, deps);
  const unlabelledPod = await findUnlabelledPod(node, pods, deps);
  return nodeStatus({
    ...known,
    node,
    hold: known.hold ?? heldBefore(node, observations.isPlanned),
    pause: pauses.shown(key),
    suspension: suspensionIn(deps.suspensions.of(key)),
    broken: known.broken ?? unappliedBefore('FileBroken', node, observations.isPlanned),
    refused: known.refused ?? unappliedBefore('ObjectRefused', node, observations.isPlanned),
    statefulSet,
    pods: await lastLogs.complete(pods),
    pvcs,
    unlabelledPod,
    events: await ownEvents.about({ node, statefulSet, pods, pvcs }),
    expectations: findChain(node.spec.chain)?.expectations(node) ?? new Map(),
    contested: repairs.contestsOf(key, runtime.now()).map(describeContest),
    now: runtime.now(),
  });
}

/** That it is not known is a trouble of the last reconciliation. */
function suspensionIn(suspended: Suspended | undefined): Suspension | undefined {
  return suspended === 'unknown' ? undefined : suspended;
}

/** The watch shows what carries our label. One that lost it was not deleted: before that is said of one, it is read. */
async function findStatefulSet(
  node: BlockchainNode,
  { watches, cluster }: ReportDeps,
): Promise<KubeObject | undefined> {
  const { name, namespace = '', uid } = node.metadata;
  const watched = watches.owned(keyOf(node), 'StatefulSet').find(({ metadata }) => metadata.name === name);
  if (watched !== undefined || node.status?.appliedRevision === undefined) return watched;
  const live = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
  return live?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true ? live : undefined;
}

async function persistStatus(node: BlockchainNode, status: NodeStatus, deps: ReportDeps): Promise<void> {
  const { statusWriter, runtime, notify } = deps;
  if (!(await statusWriter.write(node, status, runtime.now()))) return;
  announce(node, status, deps);
  announceCondition('DataAtRisk', { node, status }, deps);
  announceCondition('Unapplied', { node, status }, deps);
  notify('NodeStatusWritten', { nodeKey: keyOf(node), isUrgent: isUrgent(node.status, status) });
}

/** An Event when the phase or its reason changed; figures cause none. */
function announce(node: BlockchainNode, status: NodeStatus, { events, runtime }: ReportDeps): void {
  const ready = findCondition(status.conditions, 'Ready');
  if (ready === undefined || !isNodeReason(ready.reason) || isAnnounced(node, status, ready)) return;
  const stalled = findCondition(status.conditions, 'Stalled');
  const isWarning = status.phase === 'Error' || stalled?.reason === ready.reason;
  runtime.log.info({ node: keyOf(node), phase: status.phase, reason: ready.reason }, 'Node changed phase');
  events.emit({
    about: node,
    type: isWarning ? 'Warning' : 'Normal',
    reason: ready.reason,
    message: ready.message,
    state: 'Ready',
  });
}

const LOG_LINE = { DataAtRisk: 'Data of a node is at risk', Unapplied: 'Node is not as Git asks' } as const;

/** A Warning when a condition appears or says something else: what was written before a restart is not said again. */
function announceCondition(
  type: keyof typeof LOG_LINE,
  { node, status }: { readonly node: BlockchainNode; readonly status: NodeStatus },
  { events, runtime }: ReportDeps,
): void {
  const found = findCondition(status.conditions, type);
  const last = findCondition(node.status?.conditions, type);
  if (found === undefined || !isNodeReason(found.reason) || last?.message === found.message) return;
  runtime.log.warn({ node: keyOf(node), reason: found.reason }, LOG_LINE[type]);
  events.emit({ about: node, type: 'Warning', reason: found.reason, message: found.message, state: type });
}

function isAnnounced({ status: before }: BlockchainNode, { phase }: NodeStatus, ready: Condition): boolean {
  const last = findCondition(before?.conditions, 'Ready');
  return before?.phase === phase && last?.status === ready.status && last.reason === ready.reason;
}

/** How often the status of a node is derived again whose pod cannot be asked, besides every change of its objects. */
const WAITING_MS = 15_000;

/** A pod that does not run cannot be asked, but its status still ages. Without a pod only Events change. */
function nextReport(
  key: string,
  { phase, conditions }: NodeStatus,
  { watches, ownEvents }: ReportDeps,
): ReconcileResult {
  const pods = watches.owned(key, 'Pod');
  const isWaiting = pods.length > 0 && podAddress(pods) === undefined && phase !== 'Running' && phase !== 'Stopped';
  // No watch reports that such a pod has ended.
  const isUnlabelled = findCondition(conditions, 'Ready')?.reason === 'PodUnlabelled';
  const due = [ownEvents.dueIn(key), isWaiting || isUnlabelled ? WAITING_MS : undefined].filter(
    (ms) => ms !== undefined,
  );
  return due.length === 0 ? DONE : again(Math.min(...due));
}

function unappliedBefore(reason: NodeReason, { status }: BlockchainNode, isPlanned: boolean): string | undefined {
  const before = findCondition(status?.conditions, 'Unapplied');
  return isPlanned || before?.reason !== reason ? undefined : before.message;
}

/** What a plan held before a restart, until there is a plan: Git may be down for hours. */
function heldBefore({ status }: BlockchainNode, isPlanned: boolean): NodeObservation['hold'] {
  const hold = status?.hold;
  if (isPlanned || hold === undefined || !isNodeReason(hold.reason)) return undefined;
  return { reason: hold.reason, message: hold.message };
}
