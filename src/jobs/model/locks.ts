// Which locks a job needs: one Lease per node, or one for a chain whose nodes can't be stopped one by one.

import type { DeployMethod } from '../../api/job.ts';
import { fit } from './names.ts';
import type { ObservedLock } from './observation.ts';

/**
 * Names of the Leases, sorted: a job that needs several acquires them in this order, so that two jobs never wait for each
 * other. In the helm layout one StatefulSet runs the whole chain, so every job there takes the chain's lock.
 */
export function locksOf({ deployMethod, chain, nodes }: LockNeeds): readonly string[] {
  if (deployMethod === 'helm') return [fit(`nodewright-chain-${chain}`, 63)];
  return [...new Set(nodes.map(lockOfNode))].sort();
}

interface LockNeeds {
  readonly deployMethod: DeployMethod;
  readonly chain: string;
  readonly nodes: readonly string[];
}

/** Whether the job can acquire the next of its locks: none of another job comes before it. False when it has all of them. */
export function canAcquire(needed: readonly string[], locks: ReadonlyMap<string, ObservedLock>, uid: string): boolean {
  const next = needed.find((lock) => locks.get(lock)?.holder?.uid !== uid);
  return next !== undefined && locks.get(next)?.holder === undefined;
}

/** The Lease of one node, in the node's namespace. */
export function lockOfNode(node: string): string {
  return fit(`nodewright-node-${node}`, 63);
}
