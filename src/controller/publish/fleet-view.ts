// What the documents of the status branch are made from.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION } from '../../api/group.ts';
import { keyOf } from '../../api/objects.ts';
import { describeError } from '../../lib/errors.ts';
import type { FleetView, ProblemView, SyncView } from '../../status/fleet-view.ts';
import { isOwnedBy } from '../node/owner.ts';
import type { NodeTrouble } from '../node/trouble.ts';
import { policyDocument } from '../../desired/policy-file.ts';
import type { PublishDeps } from './deps.ts';

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
    capabilities: deps.capabilities,
    policy: policyDocument(deps.settings.policy.spec, executor),
    sync: { ...syncView(deps), ...unappliedNodes(nodes, deps), problems },
  };
}

function syncView(deps: PublishDeps): Omit<SyncView, 'problems'> {
  const { pulled, gitTrouble, unverified, plan, failures, appliedRevision, lastApplied } = deps.fleet;
  const denied = deps.watches.troubles().map(({ kind, error }) => `${kind} can't be watched: ${describeError(error)}`);
  return {
    branch: deps.settings.branch,
    seen: unverified?.revision ?? pulled?.revision,
    unverified: unverified === undefined ? undefined : { revision: unverified.revision, because: unverified.because },
    applied: appliedRevision,
    held: plan?.actions.filter(({ hold }) => hold !== undefined) ?? [],
    kept: plan?.kept ?? [],
    heldDigest: plan?.heldDigest,
    lastApplied,
    gitTrouble: gitTrouble === undefined ? undefined : `${gitTrouble.code}: ${gitTrouble.message}`,
    failures: failures.map(({ object, message }) => `${object}: ${message}`),
    identities: Object.fromEntries(deps.identities.overrides()),
    clusterTrouble: denied.length === 0 ? undefined : denied.join('; '),
    schedules: pulled === undefined ? undefined : deps.schedules.views(pulled),
    suspended: pulled?.desired.fleet.suspend,
  };
}

/** Nodes whose objects the API server has not all accepted: the latest commit is not applied before it has. */
function unappliedNodes(
  nodes: readonly BlockchainNode[],
  { observations }: PublishDeps,
): Pick<SyncView, 'failedNodes' | 'pendingNodes'> {
  const troubles = observations.troubles();
  return {
    failedNodes: nodes.map(keyOf).filter((key) => isFailure(troubles.get(key))),
    pendingNodes: nodes.filter(isPending).map(keyOf),
  };
}

function isFailure(trouble: NodeTrouble | undefined): boolean {
  return trouble !== undefined && (trouble.stalled || trouble.reason === 'ObjectRefused');
}

function isPending({ metadata, spec, status }: BlockchainNode): boolean {
  const revision = metadata.annotations?.[ANNOTATION.revision];
  const isLeft = spec.suspend === true || metadata.deletionTimestamp !== undefined;
  return !isLeft && revision !== undefined && status?.appliedRevision !== revision;
}
