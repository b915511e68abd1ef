// Whether the controller of an executor works: from its Lease, which it renews every 2 seconds.

import { LABEL } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { controllerLease, executorOf, holderIn, type LeaseHolder, readLeaseHolder } from '../kube/lease/holder.ts';
import { describeError } from '../lib/errors.ts';
import { ageText } from './age.ts';

export interface ControllerState {
  readonly executor: string;
  /** `Stopped`: it released its Lease. `Dead`: it does not renew it. `Unknown`: the Lease is absent or cannot be read. */
  readonly state: 'Alive' | 'Stopped' | 'Dead' | 'Unknown';
  readonly holder?: string;
  /** Milliseconds since the epoch. */
  readonly renewedAt?: number;
  /** What is wrong and what to do, one or more lines. */
  readonly warning?: string;
}

/** A renewal that is younger was made by a controller that lives, unless the clocks differ. */
const FRESH_MS = 10_000;
/** As long as a holder may take to renew. */
const WATCH_MS = 12_000;
const POLL_MS = 500;

interface Place {
  readonly executor: string;
  /** Of the controller's nodes, where its Lease is: not the one of its pod. */
  readonly namespace: string;
}

export interface Clock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A controller that owns no node, and one that died long ago with no node left, differ by this alone. */
const RECENT_MS = 3_600_000;

/**
 * Executors with a Lease that are none of `known`, the ones that own nodes or work: a mistyped name leaves one, and so does an
 * executor that was retired. None without the permission to list Leases.
 */
export async function leftExecutors(
  cluster: Pick<Cluster, 'list'>,
  namespace: string,
  known: readonly string[],
): Promise<readonly string[]> {
  const found = (await listLeases(cluster, namespace)).flatMap(({ metadata }) => executorOf(metadata.name) ?? []);
  return found.filter((executor) => !known.includes(executor)).sort();
}

/** What to do about what an executor left. Its memory says which keys signed: where there is one, it is to be looked at first. */
export function describeLeft(executor: string, namespace: string): string {
  const name = `nodewright-${executor}`;
  return (
    `the executor ${executor} owns no node here, and no controller of it works, but its Lease is left. If the name was mistyped, or is retired, ` +
    `remove it: kubectl -n ${namespace} delete lease ${name}. A ConfigMap ${name} in the namespace of its controller, and a folder ${executor} on the status branch, are of a controller that has worked: see "An executor that is retired" in docs/observing.md`
  );
}

async function listLeases(cluster: Pick<Cluster, 'list'>, namespace: string): Promise<readonly KubeObject[]> {
  return await cluster.list(KINDS.Lease, { namespace, labelSelector: `!${LABEL.component}` }).catch(() => []);
}

/** Executors whose controllers held their Leases lately, also those that own no node; none without the permission to list Leases. */
export async function recentExecutors(
  cluster: Pick<Cluster, 'list'>,
  namespace: string,
  now: number,
): Promise<readonly string[]> {
  return (await listLeases(cluster, namespace)).flatMap((lease) => {
    const executor = executorOf(lease.metadata.name);
    const { holder, renewedAt } = holderIn(lease);
    // One in the future is an error of a clock, or someone else wrote it: both have to be shown.
    const isRecent = renewedAt !== undefined && now - renewedAt < RECENT_MS;
    return executor !== undefined && holder !== '' && isRecent ? [executor] : [];
  });
}

/** Waits for a renewal when the last one is not recent: the clock of the controller may differ from this one. */
export async function readControllerState(
  cluster: Pick<Cluster, 'get'>,
  place: Place,
  clock: Clock,
): Promise<ControllerState> {
  const lease = controllerLease(place.executor, place.namespace);
  try {
    const first = await readLeaseHolder(cluster, lease);
    if (first === undefined || first.holder === '' || isFresh(first, clock)) return judge(first, { place, clock });
    for (let waitedMs = 0; waitedMs < WATCH_MS; waitedMs += POLL_MS) {
      await clock.sleep(POLL_MS);
      const later = await readLeaseHolder(cluster, lease);
      if (later?.renewedAt !== first.renewedAt || later?.holder !== first.holder)
        return judge(later, { place, clock, isRenewed: true });
    }
    return judge(first, { place, clock });
  } catch (error) {
    return unknown(place, `its Lease cannot be read: ${describeError(error)}`);
  }
}

function isFresh({ renewedAt }: LeaseHolder, { now }: Clock): boolean {
  return renewedAt !== undefined && Math.abs(now() - renewedAt) < FRESH_MS;
}

interface Judged {
  readonly place: Place;
  readonly clock: Clock;
  /** It was seen to change. */
  readonly isRenewed?: boolean;
}

function judge(lease: LeaseHolder | undefined, { place, clock, isRenewed = false }: Judged): ControllerState {
  const { executor, namespace } = place;
  if (lease === undefined)
    return unknown(
      place,
      `there is no Lease ${namespace}/nodewright-${executor}. Start the controller, or give the --namespace of its nodes, where its Lease is (the chart's value namespace)`,
    );
  const { holder, renewedAt } = lease;
  const known = { executor, holder, ...(renewedAt === undefined ? {} : { renewedAt }) };
  const isPast = renewedAt !== undefined && renewedAt <= clock.now();
  const age = isPast ? ageText(clock.now() - renewedAt) : 'some time';
  if (holder === '')
    return {
      ...known,
      state: 'Stopped',
      warning: `the controller of executor ${executor} is stopped: it released its Lease ${age} ago. ${OLD}. Start it again.`,
    };
  if (isRenewed || isFresh(lease, clock)) return { ...known, state: 'Alive' };
  return {
    ...known,
    state: 'Dead',
    warning: `the controller of executor ${executor} is dead: ${holder} has not renewed its Lease for ${age}. ${OLD}. Read the events and the last log of its pod.`,
  };
}

const OLD = 'What is shown here may be as old as that';

function unknown({ executor }: Place, why: string): ControllerState {
  return {
    executor,
    state: 'Unknown',
    warning: `whether the controller of executor ${executor} works is unknown: ${why}.`,
  };
}
