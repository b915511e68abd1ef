// Worker pods that copy to and from a repository in object storage. Each node has a repository of its own, so that only
// the job with the lock of the node writes to it.

import type { StoredSource } from '../../api/job.ts';
import type { JobTarget, StoredCopy } from '../../api/job-status.ts';
import type { EngineRepository, TaskParameters } from '../../api/worker-task.ts';
import { defined } from '../../lib/defined.ts';
import { sha256 } from '../../lib/hash.ts';
import type { JobView } from '../model/job-kind.ts';
import type { JobIdentity } from '../model/names.ts';
import type { ObservedStorage } from '../model/observation.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { PodMount, PodVolume, TaskSpec } from '../model/task-spec.ts';

export type Storage = Extract<ObservedStorage, { ok: true }>;

/** Where the manifest and the temporary files of the engine lie; a backup has its volumes below it. */
export const ENGINE_FOLDER = '/backup';
const CA_FOLDER = '/backup-ca';

/** The storage that the request needs, or why there is none. */
export function storageOf({ observed: { storage } }: JobView): Storage | Refusal {
  if (storage === undefined) return refuse('LocationUnusable', 'the location in object storage was not checked yet');
  return storage.ok ? storage : refuse('LocationUnusable', storage.message);
}

/** `executor/namespace/node`: the repository of a node, as the record names it. */
export function repositoryName(executor: string, namespace: string, node: string): string {
  return `${executor}/${namespace}/${node}`;
}

/**
 * Why a record names another repository than its job can have written to: there lies the data of a node of another namespace, which the
 * policy may not let the Restore read.
 */
export function whyOtherRepository(
  repository: string,
  { executor, namespace }: { readonly executor: string; readonly namespace: string },
): string | undefined {
  const node = repository.split('/').at(-1) ?? '';
  const isOwn = /^[a-z0-9][-a-z0-9.]*$/.test(node) && repository === repositoryName(executor, namespace, node);
  return isOwn
    ? undefined
    : `its record names the repository ${repository}, and a job in ${namespace} writes below ${executor}/${namespace}/: someone else changed the record`;
}

export function repositoryAt({ location, base, region, caSecret }: Storage, name: string): EngineRepository {
  return {
    location,
    url: `${base}/${name}`,
    ...defined({ region, ca: caSecret === undefined ? undefined : `${CA_FOLDER}/ca.crt` }),
  };
}

interface EngineParts {
  readonly engine: NonNullable<TaskSpec['engine']>;
  readonly volumes: PodVolume[];
  readonly mounts: PodMount[];
}

/** What the pod of a task on `target` needs for the engine. The scratch folder is mounted before what lies below it. */
export function engineParts({ secret, caSecret, executor }: Storage, job: JobIdentity, target: JobTarget): EngineParts {
  const ca = caSecret === undefined ? [] : [{ name: 'engine-ca', secret: caSecret }];
  const host = sha256(repositoryName(executor, job.namespace, target.node)).slice(0, 16);
  return {
    engine: { secret, hostname: `nodewright-${host}` },
    volumes: [{ name: 'engine', sizeLimit: '4Gi' }, ...ca],
    mounts: [
      { volume: 'engine', path: ENGINE_FOLDER },
      ...ca.map(({ name }) => ({ volume: name, path: CA_FOLDER, readOnly: true })),
    ],
  };
}

/** What the record says of a copy; undefined when its task reported no snapshot. */
export function storedCopy(
  view: JobView,
  task: { readonly snapshotId?: string | undefined; readonly bytesAdded?: number | undefined } | undefined,
): StoredCopy | undefined {
  const storage = storageOf(view);
  const [target] = view.targets;
  if ('refused' in storage || target === undefined || task?.snapshotId === undefined) return undefined;
  return {
    location: storage.location,
    repository: repositoryName(storage.executor, view.job.namespace, target.node),
    snapshot: task.snapshotId,
    ...defined({ bytesAdded: task.bytesAdded }),
  };
}

type Download = Extract<TaskParameters, { verb: 'download' }>;

/** The snapshot that a Restore reads: of a record, or as its request names it. */
export interface StoredSnapshot {
  readonly repository: string;
  readonly snapshot: Download['snapshot'];
}

/** By default the newest snapshot of a node of the same name, made by this controller. */
export function namedSnapshot({ objectStorage }: StoredSource, view: JobView, target: JobTarget): StoredSnapshot {
  const { storage } = view.observed;
  const {
    executor = storage?.ok === true ? storage.executor : '',
    namespace = view.job.namespace,
    node = target.node,
    snapshot = 'latest',
  } = objectStorage;
  return { repository: repositoryName(executor, namespace, node), snapshot };
}
