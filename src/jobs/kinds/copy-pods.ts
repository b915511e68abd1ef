// The worker pods that copy a node's volumes: to a PVC, to object storage, or into a manifest beside VolumeSnapshots.

import type { JobTarget } from '../../api/job-status.ts';
import type { BackupParameters } from '../../api/worker-task.ts';
import { defined } from '../../lib/defined.ts';
import type { CommonSpec, JobView } from '../model/job-kind.ts';
import type { Refusal } from '../model/refusal.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { dataAt, hostOf, originOf, ownerOf } from '../task/pod-parts.ts';
import { ENGINE_FOLDER, engineParts, repositoryAt, repositoryName, storageOf } from './object-storage.ts';
import { MANIFEST_MOUNT, MANIFEST_VOLUME, SNAPSHOT_FOLDER } from './volume-snapshots.ts';

/**
 * A folder in the new volume, not its top: it gets its name when the copy is whole, and file systems put things of
 * their own at the top.
 */
export const BACKUP_FOLDER = 'backup';

export interface CopyOf {
  readonly view: JobView;
  readonly target: JobTarget;
  readonly common: CommonSpec;
}

export interface CopyTo extends CopyOf {
  /** Name of the PVC. */
  readonly to: string;
  readonly action: 'StopAndStart' | 'Direct' | undefined;
}

export function copyPod({ to, action = 'StopAndStart', ...copy }: CopyTo): TaskSpec {
  const { task, data, volumes, proof } = readingPod(copy, '/source', action);
  return {
    ...task,
    parameters: { verb: 'backup', volumes, to: `/result/${BACKUP_FOLDER}`, ...proof },
    volumes: [...data.volumes, { name: 'result', pvc: to, readOnly: false }],
    mounts: [...data.mounts, { volume: 'result', path: '/result' }],
  };
}

/** The volumes lie below the folder of the manifest, so that one snapshot of the engine has both under one path. */
export function uploadPod(copy: CopyOf): TaskSpec | Refusal {
  const { view, target } = copy;
  const storage = storageOf(view);
  if ('refused' in storage) return storage;
  const parts = engineParts(storage, view.job, target);
  const { task, data, volumes, proof } = readingPod(copy, `${ENGINE_FOLDER}/volumes`);
  const repository = repositoryAt(storage, repositoryName(storage.executor, view.job.namespace, target.node));
  return {
    ...task,
    parameters: {
      verb: 'upload',
      repository,
      at: ENGINE_FOLDER,
      volumes,
      ...proof,
      ...defined({ schedule: storage.schedule }),
    },
    engine: parts.engine,
    volumes: [...parts.volumes, ...data.volumes],
    mounts: [...parts.mounts, ...data.mounts],
  };
}

/** The snapshots have the data; what they hold is read from the volumes, which nothing writes to meanwhile. */
export function describePod(copy: CopyOf): TaskSpec {
  const { task, data, volumes, proof } = readingPod(copy, `${SNAPSHOT_FOLDER}/volumes`);
  return {
    ...task,
    parameters: { verb: 'describe', at: SNAPSHOT_FOLDER, volumes, ...proof },
    volumes: [MANIFEST_VOLUME, ...data.volumes],
    mounts: [MANIFEST_MOUNT, ...data.mounts],
  };
}

/** What they have in common: the node's volumes are read below `folder`, and a manifest proves what they held. */
function readingPod({ view, target, common }: CopyOf, folder: string, action: CopyTo['action'] = 'StopAndStart') {
  return {
    task: {
      node: target.node,
      repeatable: true,
      unsafeWhenUnclear: false,
      before: [],
      runAs: ownerOf(target),
      ...hostOf(target, common, action),
    },
    data: dataAt(target, folder, true),
    volumes: target.volumes.map(({ name }) => ({ name, from: `${folder}/${name}` })),
    proof: { origin: originOf(view, target, { live: view.live }), ...markersOf(view, target) },
  } as const;
}

function markersOf({ observed }: JobView, { node, volumes }: JobTarget): Pick<BackupParameters, 'markers'> {
  const markers = observed.targets.get(node)?.answers?.databaseMarkers ?? [];
  const known = markers.filter(({ volume }) => volumes.some(({ name }) => name === volume));
  return known.length === 0 ? {} : { markers: known.map(({ volume, anyOf }) => ({ volume, anyOf: [...anyOf] })) };
}
