// One lock of a job whose object is gone: what the job had stopped is started again, or kept stopped with a reason.

import { API_VERSION } from '../../../api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../../api/job-object.ts';
import { keyOf } from '../../../api/objects.ts';
import { findJobKind } from '../../../jobs/kinds/index.ts';
import { replicasOf } from '../../../jobs/layouts/read-workload.ts';
import type { Effect, LockNote } from '../../../jobs/model/effect.ts';
import { recoverOrphanedLock, type OrphanedLock } from '../../../jobs/requests/orphaned-lock.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { valueAt } from '../../../lib/json-value.ts';
import { hasEnded } from '../../node/living-pods.ts';
import type { JobDeps } from '../deps.ts';
import { type EffectDeps, performEffect } from '../perform-effect.ts';
import type { JobWatches } from '../watches.ts';

export interface LostPlace {
  readonly lock: string;
  readonly namespace: string;
  readonly note: LockNote;
  /** Another job's note stands on the lock, and stays. */
  readonly keepNote: boolean;
  /** The note is the controller's own copy, which does not go with the lock. */
  readonly isKept: boolean;
}

/** Asked of the API server, not of the watch: another controller's lock may be seen before its request is. */
export async function isLost(
  { uid, text }: { readonly uid: string; readonly text: string },
  { jobs, cluster }: Pick<JobDeps, 'cluster'> & { readonly jobs: Pick<JobWatches, 'keyOfUid'> },
): Promise<boolean> {
  if (jobs.keyOfUid(uid) !== undefined) return false;
  const [kind = '', namespace = '', name = ''] = text.split(/[ /]/);
  // A Lease that was acquired by hand is not ours.
  if (findJobKind(kind) === undefined || namespace === '' || name === '') return false;
  const live = await cluster.get({ apiVersion: API_VERSION, kind, namespace, name });
  return live?.metadata.uid !== uid;
}

/** Resolves to true when nothing is left to do. */
export async function recoverLock(place: LostPlace, deps: EffectDeps, signal: AbortSignal): Promise<boolean> {
  const { lock, namespace, note, keepNote, isKept } = place;
  const recovery = recoverOrphanedLock({ lock, note, isKept, ...(await observe(place, deps)) });
  const { effects, message, done } = recovery;
  if (effects.length > 0)
    deps.runtime.log.warn({ job: note.job, lock, reason: message }, 'Recovering the lock of a lost job');
  const scope = { job: lostJob(note, namespace), signal };
  for (const effect of effects) await performEffect(keeping(effect, keepNote), scope, deps);
  return done;
}

async function observe(
  { namespace, note }: LostPlace,
  { cluster, pauses }: EffectDeps,
): Promise<Pick<OrphanedLock, 'workerPods' | 'jobs' | 'nodes'>> {
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
  return {
    workerPods: pods.filter((pod) => !hasEnded(pod)).length,
    jobs: jobs.map((job) => ({
      name: job.metadata.name,
      uid: job.metadata.uid ?? '',
      suspended: valueAt(job, ['spec', 'suspend']) === true,
    })),
    nodes: new Map(nodes),
  };
}

function keeping(effect: Effect, keepNote: boolean): Effect {
  return effect.do === 'releaseLock' ? { ...effect, keepNote: effect.keepNote || keepNote } : effect;
}

/** Stands in for the lost object: where it was, and its UID. */
function lostJob({ uid, job }: LockNote, namespace: string): JobObject {
  const [kind = 'Job', name = ''] = job.split(' ');
  return { apiVersion: '', kind, metadata: { name: name.split('/').at(-1) ?? '', namespace, uid }, spec: {} };
}
