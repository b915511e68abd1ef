// Locks of lost jobs, whose object is gone: a node that the job had stopped is started again, or kept stopped with a reason.

import { LABEL } from '../../api/group.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { LockNote, NotedNode } from '../../jobs/model/effect.ts';
import { lockOfNode } from '../../jobs/model/locks.ts';
import { withoutWorkloads } from '../../jobs/requests/confirm-note.ts';
import type { ObservedLock } from '../../jobs/model/observation.ts';
import type { StatusBranch } from '../../git/engine.ts';
import { KINDS } from '../../kube/kinds.ts';
import { valueAt } from '../../lib/json-value.ts';
import type { Settings } from '../engine/options.ts';
import { isOwnedBy } from '../node/owner.ts';
import type { Pauses } from '../node/pauses.ts';
import { confirmNote } from './confirm-note.ts';
import { readLease } from './locks.ts';
import { pauseNodesOfKeptJobs, recoverKept, type RecoverKeptDeps, reportPauses } from './lost/recover-kept.ts';
import { isLost, type LostPlace, recoverLock } from './lost/recover-lock.ts';
import type { Records } from './records.ts';
import type { JobWatches } from './watches.ts';

export interface RecoveryDeps extends RecoverKeptDeps {
  readonly settings: Pick<Settings, 'executor'>;
  readonly jobs: JobWatches;
  readonly records: Records;
  readonly statusBranch: StatusBranch | undefined;
}

/**
 * Before any node is reconciled: a node that a lost job had stopped stays stopped until the locks are examined. Where there is
 * no copy of its status, no record can confirm the notes yet, so they stop no node that runs.
 */
export async function pauseNodesOfLostJobs(
  deps: Pick<RecoveryDeps, 'cluster' | 'jobs' | 'pauses' | 'settings' | 'statuses' | 'watches'>,
): Promise<void> {
  const { jobs, pauses, watches } = deps;
  pauseNodesOfKeptJobs(deps);
  const kept = new Set(deps.statuses.jobs().map(({ job }) => job.uid));
  for (const lease of await listLocks(deps)) {
    const { holder, note } = readLease(lease);
    if (note === undefined || kept.has(note.uid) || jobs.keyOfUid(note.uid) !== undefined) continue;
    if (holder?.uid === note.uid || note.unsafe !== undefined)
      pauseNoted(onlyStopped(note, namespaceOf(lease), watches), namespaceOf(lease), pauses);
  }
}

/** Examines every lock of this executor. Resolves to true when it has to be repeated, because a task is still running. */
export async function recoverLocks(deps: RecoveryDeps, signal: AbortSignal): Promise<boolean> {
  const kept = await recoverKept(deps, signal);
  const noted = new Set(kept.paused);
  let { again } = kept;
  for (const lease of await listLocks(deps)) {
    const namespace = namespaceOf(lease);
    const seen = confirmed(withoutKept(readLease(lease), kept.all), namespace, deps);
    if (seen === 'wait') {
      again = true;
      for (const uid of deps.pauses.jobUids()) noted.add(uid);
      continue;
    }
    const { note } = seen;
    if (note?.unsafe !== undefined && (await isLost({ uid: note.uid, text: note.job }, deps))) {
      noted.add(note.uid);
      reportPauses(pauseNoted(note, namespace, deps.pauses), deps);
    }
    const place = await lostPlace({ lock: lease.metadata.name, namespace, ...seen }, deps);
    if (place === undefined || (await recoverLock(place, deps, signal)).isDone) continue;
    noted.add(place.note.uid);
    again = true;
  }
  forgetOthers(noted, deps);
  return again;
}

/** What a Lease says of a job with a copy does not count. */
function withoutKept({ holder, note }: ObservedLock, kept: ReadonlySet<string>): ObservedLock {
  return {
    ...(holder === undefined || kept.has(holder.uid) ? {} : { holder }),
    ...(note === undefined || kept.has(note.uid) ? {} : { note }),
  };
}

/**
 * The lock with as much of its note as is confirmed; `wait` while the status branch was not read. Notes of jobs that have an
 * object are left to these.
 */
function confirmed(lock: ObservedLock, namespace: string, deps: RecoveryDeps): ObservedLock | 'wait' {
  const { note, ...rest } = lock;
  if (note === undefined || deps.jobs.keyOfUid(note.uid) !== undefined) return lock;
  const verdict = confirmNote(note, deps.records);
  if (verdict === 'Confirmed') return lock;
  if (!deps.records.isLoaded && deps.statusBranch !== undefined) return 'wait';
  if (verdict === 'Unknown') return { ...rest, note: onlyStopped(withoutWorkloads(note), namespace, deps.watches) };
  deps.runtime.log.warn({ job: note.job, namespace }, 'Ignoring a note on a lock that no job record confirms');
  return rest;
}

/** A note that no record confirms can keep a node stopped; it stops none. */
function onlyStopped(note: LockNote, namespace: string, watches: RecoveryDeps['watches']): LockNote {
  const isStopped = ({ node }: NotedNode): boolean =>
    watches.owned(`${namespace}/${node}`, 'StatefulSet').every((set) => valueAt(set, ['spec', 'replicas']) === 0);
  return { ...note, nodes: note.nodes.filter(isStopped) };
}

/** Without those of other executors: each recovers its own, by what it alone remembers of their jobs. */
async function listLocks(deps: Pick<RecoveryDeps, 'cluster' | 'settings' | 'watches'>): Promise<readonly KubeObject[]> {
  const { executor } = deps.settings;
  const labelSelector = `${LABEL.managedBy}=nodewright,${LABEL.component}=job-lock`;
  const leases = await deps.cluster.list(KINDS.Lease, { labelSelector });
  return leases.filter((lease) => {
    const label = lease.metadata.labels?.[LABEL.executor];
    return label === undefined ? !isOfOtherNode(lease, deps) : label === executor;
  });
}

/** The label may be taken off, and older versions set none. */
function isOfOtherNode(
  { metadata: { name, namespace } }: KubeObject,
  { watches, settings }: Pick<RecoveryDeps, 'settings' | 'watches'>,
): boolean {
  const node = watches.nodes
    .list()
    .find(({ metadata }) => metadata.namespace === namespace && lockOfNode(metadata.name) === name);
  return node !== undefined && !isOwnedBy(node, settings.executor);
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? '';
}

/** Returns the keys of nodes that were not paused by that job before. */
function pauseNoted(note: LockNote, namespace: string, pauses: Pauses): readonly string[] {
  const managed = note.nodes.filter(({ workload }) => workload.kind === 'BlockchainNode');
  const keys = managed.map(({ node }) => keyOf({ metadata: { name: node, namespace } }));
  return keys.filter((key) => pauses.pause(key, { uid: note.uid, by: note.job }));
}

/** Pauses of jobs that are gone and left no note on a lock: nothing else ends them. */
function forgetOthers(noted: ReadonlySet<string>, deps: RecoveryDeps): void {
  for (const uid of deps.pauses.jobUids())
    if (!noted.has(uid) && deps.jobs.keyOfUid(uid) === undefined) reportPauses(deps.pauses.forget(uid), deps);
}

/** A holder without a note of its own has stopped nothing, but may have running pods. */
async function lostPlace(
  { lock, namespace, holder, note }: ObservedLock & { readonly lock: string; readonly namespace: string },
  deps: RecoveryDeps,
): Promise<LostPlace | undefined> {
  if (holder === undefined || !(await isLost(holder, deps))) return undefined;
  if (note?.uid === holder.uid) return { lock, namespace, note, keepNote: false };
  const own: LockNote = { uid: holder.uid, job: holder.text, nodes: [] };
  return { lock, namespace, note: own, keepNote: note !== undefined };
}
