// The executors whose folders on the status branch are read before all others.

import type { PublishDeps } from './deps.ts';

/** In the order in which they are read. None before the desired branch was read: what was remembered before stays. */
export function followedExecutors({ fleet }: Pick<PublishDeps, 'fleet'>): readonly string[] {
  const { fleet: { executors = [] } = {}, nodes } = fleet.pulled?.desired ?? {};
  if (executors.length > 0) return executors.map(({ name }) => name);
  const named = [...(nodes?.values() ?? [])].map(({ node }) => node.spec.executor);
  return [...new Set(named.filter((name) => name !== undefined))].sort();
}
