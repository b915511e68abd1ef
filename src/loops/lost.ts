// Locks whose request is lost: what a job had stopped is started again, or kept stopped with a reason.

import { LABEL } from '../api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../api/job-object.ts';
import { keyOf } from '../api/objects.ts';
import type { LockNote } from '../jobs/effect.ts';
import { replicasOf } from '../jobs/layouts/read-workload.ts';
import { recoverLost } from '../jobs/lost.ts';
import { KINDS } from '../kube/kinds.ts';
import { valueAt } from '../lib/json-value.ts';
import { act } from './job-act.ts';
import { readLease } from './job-locks.ts';
import type { JobRooms } from './job.ts';
import type { JobWorld } from './job-world.ts';

export interface LostRooms extends JobRooms {
  readonly jobs: JobWorld;
}

/** Looks at every lock in the cluster. Resolves to true when something is still under way and it must be looked at again. */
export async function recoverLostLocks(rooms: LostRooms, signal: AbortSignal): Promise<boolean> {
  const leases = await rooms.cluster.list(KINDS.Lease, {
    labelSelector: `${LABEL.managedBy}=nodewright,${LABEL.component}=job-lock`,
  });
  let again = false;
  for (const lease of leases) {
    const { holder, note } = readLease(lease);
    if (note === undefined || rooms.jobs.keyOfUid(note.uid) !== undefined) continue;
    if (note.unsafe !== undefined) keepStopped(note, lease.metadata.namespace ?? '', rooms);
    if (holder?.uid !== note.uid) continue;
    const done = await recoverOne(
      { lock: lease.metadata.name, namespace: lease.metadata.namespace ?? '', note },
      rooms,
      signal,
    );
    again ||= !done;
  }
  return again;
}

/** The hold of a lost request, for the node loop: only a repair or a person ends it. */
function keepStopped(note: LockNote, namespace: string, { holds, wakeNode }: LostRooms): void {
  for (const { node, workload } of note.nodes) {
    const key = keyOf({ metadata: { name: node, namespace } });
    if (workload.kind === 'BlockchainNode' && holds.hold(key, { uid: note.uid, by: note.job })) wakeNode(key);
  }
}

interface LostPlace {
  readonly lock: string;
  readonly namespace: string;
  readonly note: LockNote;
}

async function recoverOne(
  { lock, namespace, note }: LostPlace,
  rooms: LostRooms,
  signal: AbortSignal,
): Promise<boolean> {
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
  const { effects, message, done } = recoverLost({
    lock,
    note,
    workPods: pods.filter((pod) => !['Succeeded', 'Failed'].includes(String(valueAt(pod, ['status', 'phase'])))).length,
    jobs: jobs.map((job) => ({
      name: job.metadata.name,
      uid: job.metadata.uid ?? '',
      suspended: valueAt(job, ['spec', 'suspend']) === true,
    })),
    nodes: new Map(nodes),
  });
  if (effects.length > 0) runtime.log.warn({ job: note.job, lock, reason: message }, 'Recovering from a lost request');
  for (const effect of effects) await act(effect, lostJob(note, namespace), rooms, signal);
  return done;
}

/** Stands in for the lost object: where it was, and its UID. */
function lostJob({ uid, job }: LockNote, namespace: string): JobObject {
  const [kind = 'Job', name = ''] = job.split(' ');
  return { apiVersion: '', kind, metadata: { name: name.split('/').at(-1) ?? '', namespace, uid }, spec: {} };
}
