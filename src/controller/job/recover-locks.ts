// Locks of lost jobs, whose object is gone: a node that the job had stopped is started again, or kept stopped with a reason.

import { API_VERSION, LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../api/job-object.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Effect, LockNote, NotedNode } from '../../jobs/model/effect.ts';
import { findJobKind } from '../../jobs/kinds/index.ts';
import { replicasOf } from '../../jobs/layouts/read-workload.ts';
import { withoutWorkloads } from '../../jobs/requests/confirm-note.ts';
import { recoverOrphanedLock } from '../../jobs/requests/orphaned-lock.ts';
import type { ObservedLock } from '../../jobs/model/observation.ts';
import type { StatusBranch } from '../../git/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { valueAt } from '../../lib/json-value.ts';
import { type EffectDeps, performEffect } from './perform-effect.ts';
import type { Pauses } from '../node/pauses.ts';
import { confirmNote } from './confirm-note.ts';
import { readLease } from './locks.ts';
import type { Records } from './records.ts';
import type { JobWatches } from './watches.ts';

export interface RecoveryDeps extends EffectDeps {
  readonly jobs: JobWatches;
  readonly records: Records;
  readonly statusBranch: StatusBranch | undefined;
}

/**
 * Before any node is reconciled: a node that a lost job had stopped stays stopped until the locks are examined. No record
 * can confirm the notes yet, so they stop no node that runs.
 */
export async function pauseNodesOfLostJobs({
  cluster,
  jobs,
  pauses,
  watches,
}: Pick<RecoveryDeps, 'cluster' | 'jobs' | 'pauses' | 'watches'>): Promise<void> {
  for (const lease of await listLocks(cluster)) {
    const { holder, note } = readLease(lease);
    if (note === undefined || jobs.keyOfUid(note.uid) !== undefined) continue;
    if (holder?.uid === note.uid || note.unsafe !== undefined)
      pauseNoted(onlyStopped(note, namespaceOf(lease), watches), namespaceOf(lease), pauses);
  }
}

/** Examines every lock in the cluster. Resolves to true when it has to be repeated, because a task is still running. */
export async function recoverLocks(deps: RecoveryDeps, signal: AbortSignal): Promise<boolean> {
  const leases = await listLocks(deps.cluster);
  const noted = new Set<string>();
  let again = false;
  for (const lease of leases) {
    const namespace = namespaceOf(lease);
    const seen = confirmed(readLease(lease), namespace, deps);
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
    if (place === undefined || (await recoverOne(place, deps, signal))) continue;
    noted.add(place.note.uid);
    again = true;
  }
  forgetOthers(noted, deps);
  return again;
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

async function listLocks(cluster: Cluster): Promise<readonly KubeObject[]> {
  const labelSelector = `${LABEL.managedBy}=nodewright,${LABEL.component}=job-lock`;
  return await cluster.list(KINDS.Lease, { labelSelector });
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

function reportPauses(nodeKeys: readonly string[], { notify }: RecoveryDeps): void {
  if (nodeKeys.length > 0) notify('PausesChanged', { nodeKeys });
}

/** Asked of the API server, not of the watch: another controller's lock may be seen before its request is. */
async function isLost(
  { uid, text }: { readonly uid: string; readonly text: string },
  { jobs, cluster }: RecoveryDeps,
): Promise<boolean> {
  if (jobs.keyOfUid(uid) !== undefined) return false;
  const [kind = '', namespace = '', name = ''] = text.split(/[ /]/);
  // A Lease that was acquired by hand is not ours.
  if (findJobKind(kind) === undefined || namespace === '' || name === '') return false;
  const live = await cluster.get({ apiVersion: API_VERSION, kind, namespace, name });
  return live?.metadata.uid !== uid;
}

interface LostPlace {
  readonly lock: string;
  readonly namespace: string;
  readonly note: LockNote;
  /** Another job's note stands on the lock, and stays. */
  readonly keepNote: boolean;
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

async function recoverOne(place: LostPlace, deps: RecoveryDeps, signal: AbortSignal): Promise<boolean> {
  const { lock, namespace, note, keepNote } = place;
  const { cluster, pauses, runtime } = deps;
  const labelSelector = `${JOB_UID_LABEL}=${note.uid}`;
  const pods = await cluster.list(KINDS.Pod, { namespace, labelSelector });
  const jobs = await cluster.list(KINDS.Job, { namespace, labelSelector });
  const nodes = await Promise.all(
    note.nodes.map(async ({ node, workload }) => {
      const foreign = workload.kind === 'BlockchainNode' ? undefined : await cluster.get({ ...workload, namespace });
      const paused = pauses.of(keyOf({ metadata: { name: node, namespace } }))?.uid === note.uid;
      return [node, { replicas: foreign === undefined ? undefined : replicasOf(foreign), paused }] as const;
    }),
  );
  const { effects, message, done } = recoverOrphanedLock({
    lock,
    note,
    workerPods: pods.filter((pod) => !['Succeeded', 'Failed'].includes(String(valueAt(pod, ['status', 'phase']))))
      .length,
    jobs: jobs.map((job) => ({
      name: job.metadata.name,
      uid: job.metadata.uid ?? '',
      suspended: valueAt(job, ['spec', 'suspend']) === true,
    })),
    nodes: new Map(nodes),
  });
  if (effects.length > 0)
    runtime.log.warn({ job: note.job, lock, reason: message }, 'Recovering the lock of a lost job');
  const scope = { job: lostJob(note, namespace), signal };
  for (const effect of effects) await performEffect(keeping(effect, keepNote), scope, deps);
  return done;
}

function keeping(effect: Effect, keepNote: boolean): Effect {
  return effect.do === 'releaseLock' ? { ...effect, keepNote: effect.keepNote || keepNote } : effect;
}

/** Stands in for the lost object: where it was, and its UID. */
function lostJob({ uid, job }: LockNote, namespace: string): JobObject {
  const [kind = 'Job', name = ''] = job.split(' ');
  return { apiVersion: '', kind, metadata: { name: name.split('/').at(-1) ?? '', namespace, uid }, spec: {} };
}
