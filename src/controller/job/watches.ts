// What the cluster holds of one-shot jobs: their custom resources, and the worker Jobs and pods that belong to them.

import { API_VERSION } from '../../api/group.ts';
import { JOB_UID_LABEL, jobKeyOf, type JobObject } from '../../api/job-object.ts';
import type { KubeObject } from '../../api/objects.ts';
import { jobKinds } from '../../jobs/kinds/index.ts';
import type { Cluster, Informer, Kind } from '../../kube/cluster.ts';
import { kindOf, KINDS } from '../../kube/kinds.ts';
import { listedOrRefused } from '../engine/listed.ts';

export interface JobWatches {
  /** Every job, of every kind. */
  list(): readonly JobObject[];
  /** By `Kind/namespace/name`. */
  get(key: string): JobObject | undefined;
  /** The key of the job with that UID. */
  keyOfUid(uid: string): string | undefined;
  /** Every worker Job, also of jobs that are gone. */
  workerJobs(): readonly KubeObject[];
  /** From now on changes are reported. Changes before that are in the lists. */
  subscribe(listener: JobListener): void;
  /** Resolves when every list is complete or refused. */
  synced(): Promise<void>;
  /** false: some list is not complete, so that an object that is not listed may exist all the same. */
  isComplete(): boolean;
}

export interface JobChange {
  /** `Kind/namespace/name` */
  readonly key: string;
  readonly old: JobObject | undefined;
  readonly now: JobObject | undefined;
}

export interface JobListener {
  onJob(change: JobChange): void;
  /** A worker Job or a worker pod of the job changed. */
  onWorker(key: string): void;
}

/** Starts watching. */
export function startJobWatches(cluster: Pick<Cluster, 'inform'>, signal: AbortSignal): JobWatches {
  const keys = new Map<string, string>();
  let listener: JobListener | undefined;
  const jobs = jobKinds.map(({ kind }) => ({
    kind,
    informer: watchKind(kindOf({ apiVersion: API_VERSION, kind }), kind),
  }));
  const workerPods = watchWorkers(KINDS.Pod);
  const workerJobs = watchWorkers(KINDS.Job);
  const informers = [workerPods, workerJobs, ...jobs.map(({ informer }) => informer)];

  function watchKind(kind: Kind, name: string): Informer<JobObject> {
    return cluster.inform<JobObject>(kind, {
      signal,
      onChange({ old, now }) {
        const sample = now ?? old;
        if (sample === undefined) return;
        const key = jobKeyOf({ kind: name, metadata: sample.metadata });
        if (old?.metadata.uid !== undefined) keys.delete(old.metadata.uid);
        if (now?.metadata.uid !== undefined) keys.set(now.metadata.uid, key);
        listener?.onJob({ key, old, now });
      },
    });
  }

  function watchWorkers(kind: Kind): Informer {
    return cluster.inform(kind, {
      signal,
      labelSelector: JOB_UID_LABEL,
      onChange({ old, now }) {
        const uid = (now ?? old)?.metadata.labels?.[JOB_UID_LABEL];
        const key = uid === undefined ? undefined : keys.get(uid);
        if (key !== undefined) listener?.onWorker(key);
      },
    });
  }

  return {
    list: () => jobs.flatMap(({ informer }) => informer.list()),
    get(key) {
      const [kind, ...rest] = key.split('/');
      return jobs.find((one) => one.kind === kind)?.informer.get(rest.join('/'));
    },
    keyOfUid: (uid) => keys.get(uid),
    workerJobs: () => workerJobs.list(),
    subscribe: (next) => void (listener = next),
    synced: async () => void (await Promise.all(informers.map(async (one) => await listedOrRefused(one, signal)))),
    isComplete: () => informers.every(({ isSynced }) => isSynced),
  };
}

/** The same with the statuses that count: others may write to the objects. */
export function withStatuses(watches: JobWatches, trusted: (job: JobObject) => JobObject): JobWatches {
  return {
    ...watches,
    list: () => watches.list().map(trusted),
    get(key) {
      const job = watches.get(key);
      return job === undefined ? undefined : trusted(job);
    },
  };
}
