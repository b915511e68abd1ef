// Gathers, for each role, what the observation holds about it.

import type { BlockchainNode, RoleStatus } from '../api/blockchain-node.ts';
import { isNodeReason, type NodeReason } from '../api/codes/node-reasons.ts';
import { findCondition } from '../api/conditions.ts';
import type { RoleView } from './role-view.ts';
import type { Observation } from './observation.ts';
import type { PodView } from './pod-view.ts';

/** The roles in the chain's order, then those that only the spec names. */
export function roleViews(observation: Observation, pod: PodView | undefined): RoleView[] {
  const { node, facts, expectations, answeredAt, risenAt, now } = observation;
  const ready = findCondition(node.status?.conditions, 'Ready');
  const previousAt = parseTime(node.status?.observedAt);
  return roleNames(node, expectations.keys()).map((role) => ({
    role,
    title: titleOf(node, role),
    container: pod?.status.containerStatuses.find(({ name }) => name === role),
    facts: facts.get(role),
    expectation: expectations.get(role),
    previous: previousOf(node, role),
    previousReason: reasonBefore(node, role),
    wasReady: ready?.status === 'True',
    answeredAt: answeredAt?.get(role) ?? (answeredBefore(node, role) ? previousAt : undefined),
    risenAt: risenAt?.get(role),
    previousAt,
    now,
  }));
}

/** Of this role: the reason of the node is that of its worst role. */
function reasonBefore(node: BlockchainNode, role: string): NodeReason | undefined {
  const reason = previousOf(node, role)?.reason;
  return isNodeReason(reason) ? reason : undefined;
}

/** `observedAt` is the time of an answer only for roles that gave one. */
function answeredBefore(node: BlockchainNode, role: string): boolean {
  const state = previousOf(node, role)?.state;
  return state === 'Running' || state === 'Syncing';
}

function previousOf({ status }: BlockchainNode, role: string): RoleStatus | undefined {
  return status?.roles?.find(({ name }) => name === role);
}

function roleNames(node: BlockchainNode, expected: Iterable<string>): string[] {
  return [...new Set([...expected, ...Object.keys(node.spec.clients).sort()])];
}

function titleOf(node: BlockchainNode, role: string): string {
  const client = node.spec.clients[role]?.name;
  return client === undefined || client === role ? role : `${client} (${role})`;
}

function parseTime(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
