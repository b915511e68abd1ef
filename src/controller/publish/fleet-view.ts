// What the documents of the status branch are made from.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { describeSuspension } from '../../api/fleet.ts';
import { ANNOTATION } from '../../api/group.ts';
import { keyOf } from '../../api/objects.ts';
import { describeError } from '../../lib/errors.ts';
import type { FleetView, ProblemView, SuspendedNode, SyncView } from '../../status/fleet-view.ts';
import { memoryDocument } from '../../status/memory-document.ts';
import { isOwnedBy } from '../node/owner.ts';
import type { NodeTrouble } from '../node/trouble.ts';
import { policyDocument } from '../../desired/policy-file.ts';
import { approvalsOf } from './approvals.ts';
import type { PublishDeps } from './deps.ts';
import { branchHold } from '../../plan/hold-text.ts';

export function fleetView(problems: readonly ProblemView[], deps: PublishDeps): FleetView {
  const { executor, version } = deps.settings;
  const nodes = deps.watches.nodes
    .list()
    .filter((node) => isOwnedBy(node, executor))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return {
    executor,
    controllerVersion: version,
    nodes: nodes.map((node) => ({ node, file: node.metadata.annotations?.[ANNOTATION.file] })),
    capabilities: deps.capabilities.current,
    memory: deps.memory.isKnown ? memoryDocument(deps.memory.current) : undefined,
    policy: policyDocument(deps.settings.policy.spec, executor),
    sync: { ...syncView(deps), ...unappliedNodes(nodes, deps), suspendedNodes: suspendedNodes(nodes, deps), problems },
  };
}

function syncView(deps: PublishDeps): Omit<SyncView, 'problems'> {
  const { pulled, appliedRevision, lastApplied } = deps.fleet;
  return {
    branch: deps.settings.branch,
    ...seenRevision(deps.fleet),
    applied: appliedRevision,
    lastApplied,
    ...heldActions(deps.fleet),
    approvals: approvalsOf(deps),
    ...troubles(deps),
    identities: Object.fromEntries(deps.identities.overrides()),
    schedules: pulled === undefined ? undefined : deps.schedules.views(pulled),
    suspended: deps.suspensions.ofFleet() !== undefined,
    fleetBroken: pulled?.desired.fleetBroken,
    unlisted: pulled?.desired.unlisted?.message,
    upgrade: deps.upgrade.view,
  };
}

function seenRevision({ pulled, unverified }: PublishDeps['fleet']): Pick<SyncView, 'seen' | 'unverified'> {
  if (unverified === undefined) return { seen: pulled?.revision };
  const { revision, because } = unverified;
  return { seen: revision, unverified: { revision, because } };
}

function heldActions({
  plan,
  pulled,
}: PublishDeps['fleet']): Pick<SyncView, 'held' | 'heldDigest' | 'requestsHeld' | 'kept'> {
  if (plan === undefined) return { held: [], kept: [] };
  const { actions, heldDigest, kept } = plan;
  const requestsHeld = branchHold(actions, pulled?.ancestry) !== undefined;
  return { held: actions.filter(({ hold }) => hold !== undefined), heldDigest, requestsHeld, kept };
}

/** What Git or the API server refuses. */
function troubles({ fleet, watches }: PublishDeps): Pick<SyncView, 'gitTrouble' | 'failures' | 'clusterTrouble'> {
  const { gitTrouble, failures } = fleet;
  const denied = watches.troubles().map(({ kind, error }) => `${kind} can't be watched: ${describeError(error)}`);
  return {
    gitTrouble: gitTrouble === undefined ? undefined : `${gitTrouble.code}: ${gitTrouble.message}`,
    failures: failures.map(({ object, message }) => `${object}: ${message}`),
    clusterTrouble: denied.length === 0 ? undefined : denied.join('; '),
  };
}

/** Nodes whose objects the API server has not all accepted: the latest commit is not applied before it has. */
function unappliedNodes(
  nodes: readonly BlockchainNode[],
  { observations, suspensions }: PublishDeps,
): Pick<SyncView, 'failedNodes' | 'pendingNodes'> {
  const troubles = observations.troubles();
  return {
    failedNodes: nodes.map(keyOf).filter((key) => isFailure(troubles.get(key))),
    pendingNodes: nodes.filter((node) => suspensions.of(keyOf(node)) === undefined && isPending(node)).map(keyOf),
  };
}

function suspendedNodes(nodes: readonly BlockchainNode[], { suspensions }: PublishDeps): readonly SuspendedNode[] {
  return nodes.map(keyOf).flatMap((node) => {
    const found = suspensions.of(node);
    return found === undefined || found === 'unknown' ? [] : [{ node, because: describeSuspension(found) }];
  });
}

function isFailure(trouble: NodeTrouble | undefined): boolean {
  return trouble !== undefined && (trouble.stalled || trouble.reason === 'ObjectRefused');
}

function isPending({ metadata, status }: BlockchainNode): boolean {
  const revision = metadata.annotations?.[ANNOTATION.revision];
  return metadata.deletionTimestamp === undefined && revision !== undefined && status?.appliedRevision !== revision;
}
