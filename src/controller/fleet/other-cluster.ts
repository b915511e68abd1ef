// Two clusters under one executor name would share job records and key reservations, and neither sees the pods of the other.

import { randomUUID } from 'node:crypto';

import type { Cluster } from '../../kube/cluster.ts';
import { controllerLease } from '../../kube/lease/holder.ts';
import { digestOf } from '../../lib/hash.ts';
import { memoryPath, readMemoryDocument } from '../../status/memory-document.ts';
import type { Memory } from '../engine/memory.ts';
import type { FleetDeps } from './deps.ts';

export interface OtherCluster {
  readonly id: string;
  readonly message: string;
  /** What this cluster does and does not do until then. */
  readonly held: string;
  readonly release: string;
  /** Names this take-over: the next one needs another approval. */
  readonly approval: string;
}

type OwnerDeps = Pick<FleetDeps, 'branchOwner' | 'fleet' | 'memory' | 'settings'>;

/** The other cluster, as long as no approval in fleet.yaml says that this one takes its place. */
export function otherCluster(deps: OwnerDeps): OtherCluster | undefined {
  return judgeOwner(deps.branchOwner.cluster, deps);
}

/**
 * What the plan is held by. A cluster that has written the branch itself continues without it, as during an outage: those who
 * may write the branch can block jobs and keys, and nothing else.
 */
export function heldByOther(deps: OwnerDeps): OtherCluster | undefined {
  return deps.memory.current.published === undefined ? otherCluster(deps) : undefined;
}

export function judgeOwner(
  id: string | undefined,
  { fleet, memory, settings }: Omit<OwnerDeps, 'branchOwner'>,
): OtherCluster | undefined {
  const own = memory.current.cluster;
  if (id === undefined || own === undefined || id === own) return undefined;
  const { executor } = settings;
  const approval = takeOverDigest({ executor, from: id, to: own });
  if (isApproved(approval, fleet)) return undefined;
  return {
    id,
    approval,
    held: memory.current.published === undefined ? NOTHING_APPLIED : JOBS_AND_KEYS_HELD,
    message: `another cluster (${id}) works under the name of executor ${executor}; this one is ${own}`,
    release: `Give one of the two clusters an executor name of its own, in its settings and in fleet.yaml. If the other cluster is gone for good and none of its keys can sign any more, add the approval ${approval} to spec.approvals in fleet.yaml. If no other cluster ever worked under this name, someone else changed the branch; set the field cluster in ${memoryPath(executor)} back to ${own}.`,
  };
}

export function takeOverDigest(cluster: {
  readonly executor: string;
  readonly from: string;
  readonly to: string;
}): string {
  return digestOf({ cluster });
}

/** Of a cluster that has never written the branch: it may be the second one. */
const NOTHING_APPLIED =
  'Until this is settled, nothing is applied, no job begins and no node starts with a signing key';
/** Of one that has: `heldByOther`. */
const JOBS_AND_KEYS_HELD =
  'Until this is settled, no job begins, no node starts with a signing key that is not reserved yet, and this cluster reports under a name of its own; apart from that nodes are created, changed, repaired and deleted as always';

export function describeOther({ message, held, release }: OtherCluster): string {
  return `${message}. ${held}. ${release}`;
}

function isApproved(approval: string, { pulled }: FleetDeps['fleet']): boolean {
  return pulled?.desired.fleet.approvals?.some(({ digest }) => digest === approval) === true;
}

/** The cluster in `<executor>/memory.yaml`. */
export function clusterIn(files: ReadonlyMap<string, string | undefined>, executor: string): string | undefined {
  return readMemoryDocument(files.get(memoryPath(executor)))?.cluster;
}

/**
 * The Lease of the controller names a cluster: every controller may read it. What was named once is remembered, because a
 * Lease that was deleted comes back with another UID.
 */
export async function nameCluster(
  memory: Memory,
  cluster: Pick<Cluster, 'get'>,
  place: { readonly executor: string; readonly namespace: string },
): Promise<void> {
  if (!memory.isKnown || memory.current.cluster !== undefined) return;
  memory.nameCluster((await leaseUid(cluster, place)) ?? randomUUID());
}

/** Undefined without a Lease. */
export async function leaseUid(
  cluster: Pick<Cluster, 'get'>,
  { executor, namespace }: { readonly executor: string; readonly namespace: string },
): Promise<string | undefined> {
  return (await cluster.get(controllerLease(executor, namespace)))?.metadata.uid;
}
