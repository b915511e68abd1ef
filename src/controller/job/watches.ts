// What the cluster holds of one-shot jobs: requests, and the Jobs and pods that work for them.

import type { JobObject } from '../../api/job-object.ts';
import { JOB_UID_LABEL, jobKeyOf } from '../../api/job-object.ts';
import type { KubeObject } from '../../api/objects.ts';
import { jobKinds } from '../../jobs/kinds/index.ts';
import type { Cluster, Informer, Kind } from '../../kube/cluster.ts';
import { kindOf, KINDS } from '../../kube/kinds.ts';
import { API_VERSION } from '../../api/group.ts';
import { listedOrRefused } from '../engine/listed.ts';

export interface JobWorld {
  /** Every request, by `Kind/namespace/name`. */
  list(): readonly JobObject[];
  get(key: string): JobObject | undefined;
  /** The key of the request with that UID. */
  keyOfUid(uid: string): string | undefined;
  /** Every Job that works, or worked, for some request. */
  works(): readonly KubeObject[];
  /** Pods that work for the request with that UID. */
  pods(uid: string): readonly KubeObject[];
  /** Resolves when every list is complete or refused. */
  synced(): Promise<void>;
  /** Some list is not complete: what is not seen is not acted on. */
  isBlind(): boolean;
}

export interface JobWorldOptions {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  /** A request, or something that works for it, changed. */
  readonly onJob: (
    key: string,
    change: { readonly old: JobObject | undefined; readonly now: JobObject | undefined },
  ) => void;
  readonly onWork: (key: string) => void;
}

/** Starts watching. */
export function createJobWorld({ cluster, signal, onJob, onWork }: JobWorldOptions): JobWorld {
  const keys = new Map<string, string>();
  const requests = jobKinds.map((kind) => ({
    kind: kind.kind,
    informer: watchKind(kindOf({ apiVersion: API_VERSION, kind: kind.kind })),
  }));
  const pods = watchWorkers(KINDS.Pod);
  const jobs = watchWorkers(KINDS.Job);

  const watched = [pods, jobs, ...requests.map(({ informer }) => informer)];

  function watchKind(kind: Kind): Informer<JobObject> {
    return cluster.inform<JobObject>(kind, {
      signal,
      onChange({ old, now }) {
        const sample = now ?? old;
        if (sample === undefined) return;
        const key = jobKeyOf({ kind: kind.kind, metadata: sample.metadata });
        if (old?.metadata.uid !== undefined) keys.delete(old.metadata.uid);
        if (now?.metadata.uid !== undefined) keys.set(now.metadata.uid, key);
        onJob(key, { old, now });
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
        if (key !== undefined) onWork(key);
      },
    });
  }

  return {
    list: () => requests.flatMap(({ informer }) => informer.list()),
    get(key) {
      const [kind, ...rest] = key.split('/');
      return requests.find((one) => one.kind === kind)?.informer.get(rest.join('/'));
    },
    keyOfUid: (uid) => keys.get(uid),
    works: () => jobs.list(),
    pods: (uid) => pods.list().filter((pod) => pod.metadata.labels?.[JOB_UID_LABEL] === uid),
    synced: async () => void (await Promise.all(watched.map(async (one) => await listedOrRefused(one, signal)))),
    isBlind: () => watched.some(({ isSynced }) => !isSynced),
  };
}
