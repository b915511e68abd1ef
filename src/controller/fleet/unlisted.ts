// An executor that fleet.yaml does not list and that has never worked: most likely its name is mistyped. It leaves nothing behind.

import { isOwnedBy } from '../node/owner.ts';
import type { FleetDeps } from './deps.ts';

/**
 * While this is true the memory is not stored and the status branch not written: nothing can belong to the executor, and what
 * lies under a mistyped name is found by chance alone. Also before the desired branch was read for the first time.
 */
export function isUnknownExecutor({
  fleet,
  memory,
  settings,
  watches,
}: Pick<FleetDeps, 'fleet' | 'memory' | 'settings' | 'watches'>): boolean {
  const { published, appliedRevision, lost } = memory.current;
  if (published !== undefined || appliedRevision !== undefined || lost !== undefined || !memory.isKnown) return false;
  const isUnread = fleet.pulled === undefined && fleet.gitTrouble === undefined && fleet.unverified === undefined;
  if (!isUnread && fleet.pulled?.desired.unlisted === undefined) return false;
  return !watches.nodes.list().some((node) => isOwnedBy(node, settings.executor));
}
