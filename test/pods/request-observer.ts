// Observes every request of a namespace, and every Job and pod that was ever made for one or for a node.

import { API_VERSION } from '../../src/api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Informer } from '../../src/kube/cluster.ts';
import { kindOf, KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import type { Fleet } from '../controller/fleet.ts';

const REQUESTS = ['Backup', 'Restore', 'Snapshot', 'BlockHeightFallback', 'Switchover', 'ChangeOwner'] as const;
export type Kind = (typeof REQUESTS)[number];

export interface RequestObserver {
  /**
   * Called with every stage of a request (`kind/name`) the moment a watch reports it: a new phase, each first `Job made`,
   * each first `pod begun`.
   */
  onStage(listener: (key: string, stage: string) => void): void;
  /** The request's object. */
  object(kind: Kind, name: string): JobObject | undefined;
  /** The objects that were ever made for the request: UID and time of creation. */
  objectsMade(kind: Kind, name: string): ReadonlyMap<string, string>;
  /** UIDs of the Jobs that ever ran, or of the pods that were ever made, for the request's object. */
  made(what: 'Job' | 'Pod', requestUid: string): readonly string[];
  /** All pods, also ones that are going away. */
  pods(): readonly KubeObject[];
  /** UIDs of all pods of that name that there ever were. */
  podsEver(name: string): readonly string[];
}

export function openRequestObserver(
  { cluster, namespace }: Pick<Fleet, 'cluster' | 'namespace'>,
  signal: AbortSignal,
): RequestObserver {
  const owners = { Job: new Map<string, string>(), Pod: new Map<string, string>() };
  const objects = new Map<string, Map<string, string>>();
  const names = new Map<string, string>();
  const listeners: ((key: string, stage: string) => void)[] = [];
  const notify = (key: string, stage: string): void => {
    for (const listener of listeners) listener(key, stage);
  };
  const notifyByUid = (requestUid: string, stage: string): void => {
    for (const [key, made] of objects) if (made.has(requestUid)) notify(key, stage);
  };

  cluster.inform(KINDS.Job, {
    namespace,
    signal,
    onChange({ old, now }) {
      const owner = now?.metadata.labels?.[JOB_UID_LABEL];
      if (owner === undefined) return;
      // One that no controller has on record was never resumed, and is replaced.
      if (valueAt(now, ['spec', 'suspend']) !== true) owners.Job.set(now?.metadata.uid ?? '', owner);
      if (old === undefined) notifyByUid(owner, 'Job made');
    },
  });
  const pods = cluster.inform(KINDS.Pod, {
    namespace,
    signal,
    onChange({ old, now }) {
      if (now === undefined) return;
      names.set(now.metadata.uid ?? '', now.metadata.name);
      const owner = now.metadata.labels?.[JOB_UID_LABEL];
      if (owner === undefined) return;
      owners.Pod.set(now.metadata.uid ?? '', owner);
      if (!hasBegun(old) && hasBegun(now)) notifyByUid(owner, 'pod begun');
    },
  });
  const follow = (kind: Kind): Informer<JobObject> =>
    cluster.inform<JobObject>(kindOf({ apiVersion: API_VERSION, kind }), {
      namespace,
      signal,
      onChange({ old, now }) {
        if (now === undefined) return;
        const key = `${kind}/${now.metadata.name}`;
        const { uid = '', creationTimestamp = '' } = now.metadata;
        objects.set(key, new Map([...(objects.get(key) ?? []), [uid, creationTimestamp]]));
        const phase = now.status?.phase;
        if (phase !== undefined && phase !== old?.status?.phase) notify(key, phase);
      },
    });
  const requests = new Map(REQUESTS.map((kind) => [kind, follow(kind)]));

  return {
    onStage: (listener) => void listeners.push(listener),
    object: (kind, name) => requests.get(kind)?.get(`${namespace}/${name}`),
    objectsMade: (kind, name) => objects.get(`${kind}/${name}`) ?? new Map<string, string>(),
    made: (what, requestUid) => [...owners[what]].filter(([, owner]) => owner === requestUid).map(([uid]) => uid),
    pods: () => pods.list(),
    podsEver: (name) => [...names].filter(([, own]) => own === name).map(([uid]) => uid),
  };
}

/** One that had ended before it was observed has begun too. */
function hasBegun(pod: KubeObject | undefined): boolean {
  const phase = textAt(pod, ['status', 'phase']);
  return phase !== undefined && phase !== 'Pending';
}
