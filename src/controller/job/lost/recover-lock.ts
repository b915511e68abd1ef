// One lock of a job whose object is gone: what the job had stopped is started again, or kept stopped with a reason.

import { API_VERSION } from '../../../api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../../api/job-object.ts';
import { keyOf, type KubeObject } from '../../../api/objects.ts';
import { findJobKind } from '../../../jobs/kinds/index.ts';
import { replicasOf } from '../../../jobs/layouts/read-workload.ts';
import type { Effect, LockNote } from '../../../jobs/model/effect.ts';
import { recoverOrphanedLock, type OrphanedLock } from '../../../jobs/requests/orphaned-lock.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KINDS } from '../../../kube/kinds.ts';
import { valueAt } from '../../../lib/json-value.ts';
import type { JobDeps } from '../deps.ts';
import { type EffectDeps, performEffect } from '../perform-effect.ts';
import type { JobWatches } from '../watches.ts';
import { type LivingWorker, livingWorkers, type LostWork } from './living-workers.ts';

export interface LostPlace extends LostWork {
  readonly lock: string;
  /** Another job's note stands on the lock, and stays. */
  readonly keepNote: boolean;
}

export interface Recovered {
  /** Nothing is left to do. */
  readonly isDone: boolean;
  /** Pods whose end is waited for. */
  readonly living: readonly LivingWorker[];
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

export async function recoverLock(place: LostPlace, deps: EffectDeps, signal: AbortSignal): Promise<Recovered> {
  const { lock, namespace, note, keepNote, kept } = place;
  const living = await livingWorkers(place, deps);
  // The note is the controller's own copy, which does not go with the lock.
  const isKept = kept !== undefined;
  const { effects, message, done } = recoverOrphanedLock({
    lock,
    note,
    isKept,
    workerPods: living.length,
    ...(await observe(place, deps)),
  });
  if (effects.length > 0)
    deps.runtime.log.warn({ job: note.job, lock, reason: message }, 'Recovering the lock of a lost job');
  const scope = { job: lostJob(note, namespace), signal };
  for (const effect of effects) await performEffect(keeping(effect, keepNote), scope, deps);
  return { isDone: done, living };
}

async function observe(
  place: LostPlace,
  { cluster, pauses }: EffectDeps,
): Promise<Pick<OrphanedLock, 'jobs' | 'nodes'>> {
  const { namespace, note } = place;
  const jobs = await listJobs(place, cluster);
  const nodes = await Promise.all(
    note.nodes.map(async ({ node, workload }) => {
      const foreign = workload.kind === 'BlockchainNode' ? undefined : await cluster.get({ ...workload, namespace });
      const paused = pauses.of(keyOf({ metadata: { name: node, namespace } }))?.uid === note.uid;
      return [node, { replicas: foreign === undefined ? undefined : replicasOf(foreign), paused }] as const;
    }),
  );
  return {
    jobs: jobs.map((job) => ({
      name: job.metadata.name,
      uid: job.metadata.uid ?? '',
      suspended: valueAt(job, ['spec', 'suspend']) === true,
    })),
    nodes: new Map(nodes),
  };
}

/** By their label, and by what is on record where someone has taken it off. */
async function listJobs({ namespace, note, kept }: LostPlace, cluster: Cluster): Promise<readonly KubeObject[]> {
  const labelled = await cluster.list(KINDS.Job, { namespace, labelSelector: `${JOB_UID_LABEL}=${note.uid}` });
  const seen = new Set(labelled.map(({ metadata }) => metadata.uid));
  const missing = (kept?.status.works ?? []).filter(({ uid }) => uid !== undefined && !seen.has(uid));
  const { apiVersion, kind } = KINDS.Job;
  const found = missing.map(async ({ name, uid }) => {
    const live = await cluster.get({ apiVersion, kind, namespace, name });
    return live?.metadata.uid === uid && live !== undefined ? [live] : [];
  });
  return [...labelled, ...(await Promise.all(found)).flat()];
}

function keeping(effect: Effect, keepNote: boolean): Effect {
  return effect.do === 'releaseLock' ? { ...effect, keepNote: effect.keepNote || keepNote } : effect;
}

/** Stands in for the lost object: where it was, and its UID. */
function lostJob({ uid, job }: LockNote, namespace: string): JobObject {
  const [kind = 'Job', name = ''] = job.split(' ');
  return { apiVersion: '', kind, metadata: { name: name.split('/').at(-1) ?? '', namespace, uid }, spec: {} };
}
