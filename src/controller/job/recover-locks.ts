// Locks whose request is lost: what a job had stopped is started again, or kept stopped with a reason.

import { API_VERSION, LABEL } from '../../api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../api/job-object.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Effect, LockNote } from '../../jobs/model/effect.ts';
import { findJobKind } from '../../jobs/kinds/index.ts';
import { replicasOf } from '../../jobs/layouts/read-workload.ts';
import { recoverOrphanedLock } from '../../jobs/requests/orphaned-lock.ts';
import type { ObservedLock } from '../../jobs/model/observation.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { valueAt } from '../../lib/json-value.ts';
import { act } from './perform-effect.ts';
import type { JobHolds } from '../node/pauses.ts';
import { readLease } from './locks.ts';
import type { JobRooms } from './reconcile.ts';
import type { JobWorld } from './watches.ts';

export interface LostRooms extends JobRooms {
  readonly jobs: JobWorld;
}

export interface HoldRooms {
  readonly cluster: Cluster;
  readonly jobs: JobWorld;
  readonly holds: JobHolds;
}

/** Before the node loop runs: nodes that a lost request had stopped stand still until its locks are looked at. */
export async function holdLostNodes({ cluster, jobs, holds }: HoldRooms): Promise<void> {
  for (const lease of await listLocks(cluster)) {
    const { holder, note } = readLease(lease);
    if (note === undefined || jobs.keyOfUid(note.uid) !== undefined) continue;
    if (holder?.uid === note.uid || note.unsafe !== undefined) holdNoted(note, namespaceOf(lease), holds);
  }
}

/** Looks at every lock in the cluster. Resolves to true when something is still under way and it must be looked at again. */
export async function recoverLostLocks(rooms: LostRooms, signal: AbortSignal): Promise<boolean> {
  const leases = await listLocks(rooms.cluster);
  const noted = new Set<string>();
  let again = false;
  for (const lease of leases) {
    const seen = readLease(lease);
    const namespace = namespaceOf(lease);
    const { note } = seen;
    if (note?.unsafe !== undefined && (await isLost({ uid: note.uid, text: note.job }, rooms))) {
      noted.add(note.uid);
      for (const key of holdNoted(note, namespace, rooms.holds)) rooms.wakeNode(key);
    }
    const place = await lostPlace({ lock: lease.metadata.name, namespace, ...seen }, rooms);
    if (place === undefined || (await recoverOne(place, rooms, signal))) continue;
    noted.add(place.note.uid);
    again = true;
  }
  forgetOthers(noted, rooms);
  return again;
}

async function listLocks(cluster: Cluster): Promise<readonly KubeObject[]> {
  const labelSelector = `${LABEL.managedBy}=nodewright,${LABEL.component}=job-lock`;
  return await cluster.list(KINDS.Lease, { labelSelector });
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? '';
}

/** Gives the keys of nodes that were not held by that request before. */
function holdNoted(note: LockNote, namespace: string, holds: JobHolds): readonly string[] {
  const managed = note.nodes.filter(({ workload }) => workload.kind === 'BlockchainNode');
  const keys = managed.map(({ node }) => keyOf({ metadata: { name: node, namespace } }));
  return keys.filter((key) => holds.hold(key, { uid: note.uid, by: note.job }));
}

/** Holds of requests that are gone and left no word on a lock: nothing else ends them. */
function forgetOthers(noted: ReadonlySet<string>, { holds, jobs, wakeNode }: LostRooms): void {
  for (const uid of holds.holders())
    if (!noted.has(uid) && jobs.keyOfUid(uid) === undefined) for (const key of holds.forget(uid)) wakeNode(key);
}

/** Asked of the API server, not of the watch: another controller's lock may be seen before its request is. */
async function isLost(
  { uid, text }: { readonly uid: string; readonly text: string },
  { jobs, cluster }: LostRooms,
): Promise<boolean> {
  if (jobs.keyOfUid(uid) !== undefined) return false;
  const [kind = '', namespace = '', name = ''] = text.split(/[ /]/);
  // A lock that somebody took by hand is theirs.
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

/** A holder without a note of its own has stopped nothing, but may have pods at work. */
async function lostPlace(
  { lock, namespace, holder, note }: ObservedLock & { readonly lock: string; readonly namespace: string },
  rooms: LostRooms,
): Promise<LostPlace | undefined> {
  if (holder === undefined || !(await isLost(holder, rooms))) return undefined;
  if (note?.uid === holder.uid) return { lock, namespace, note, keepNote: false };
  const own: LockNote = { uid: holder.uid, job: holder.text, nodes: [] };
  return { lock, namespace, note: own, keepNote: note !== undefined };
}

async function recoverOne(place: LostPlace, rooms: LostRooms, signal: AbortSignal): Promise<boolean> {
  const { lock, namespace, note, keepNote } = place;
  const { cluster, holds, runtime } = rooms;
  const labelSelector = `${JOB_UID_LABEL}=${note.uid}`;
  const pods = await cluster.list(KINDS.Pod, { namespace, labelSelector });
  const jobs = await cluster.list(KINDS.Job, { namespace, labelSelector });
  const nodes = await Promise.all(
    note.nodes.map(async ({ node, workload }) => {
      const foreign = workload.kind === 'BlockchainNode' ? undefined : await cluster.get({ ...workload, namespace });
      const held = holds.of(keyOf({ metadata: { name: node, namespace } }))?.uid === note.uid;
      return [node, { replicas: foreign === undefined ? undefined : replicasOf(foreign), held }] as const;
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
  if (effects.length > 0) runtime.log.warn({ job: note.job, lock, reason: message }, 'Recovering from a lost request');
  for (const effect of effects) await act(keeping(effect, keepNote), lostJob(note, namespace), rooms, signal);
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
