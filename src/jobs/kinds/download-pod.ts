// The worker pod of a Restore from object storage.

import type { JobTarget } from '../../api/job-status.ts';
import type { JobAction } from '../../api/job.ts';
import type { CommonSpec, JobView } from '../model/job-kind.ts';
import type { RestoreSource } from '../model/observation.ts';
import type { Refusal } from '../model/refusal.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { dataAt, hostOf, ownerOf } from '../task/pod-parts.ts';
import { ENGINE_FOLDER, engineParts, repositoryAt, storageOf, type StoredSnapshot } from './object-storage.ts';
import { expectation, ownFilesOf } from './restore-parameters.ts';

interface DownloadPod {
  readonly snapshot: StoredSnapshot;
  readonly view: JobView;
  readonly target: JobTarget;
  readonly common: CommonSpec & { readonly action: JobAction };
  /** The record of the job that made the snapshot, where there is one. */
  readonly source: RestoreSource | undefined;
}

export function downloadPod({ snapshot, view, target, common, source }: DownloadPod): TaskSpec | Refusal {
  const storage = storageOf(view);
  if ('refused' in storage) return storage;
  const parts = engineParts(storage, view.job, target);
  const data = dataAt(target, '/data', false);
  return {
    node: target.node,
    repeatable: true,
    // The next attempt finishes a swap that was begun; without one, old or new data may be missing in part.
    unsafeWhenUnclear: true,
    before: [],
    parameters: {
      verb: 'download',
      id: view.job.uid,
      repository: repositoryAt(storage, snapshot.repository),
      snapshot: snapshot.snapshot,
      from: ENGINE_FOLDER,
      volumes: target.volumes.map(({ name }) => ({ name, to: `/data/${name}` })),
      scope: 'volume',
      ...ownFilesOf(target, view),
      expect: expectation(target, source ?? {}),
      uid: target.uid,
      gid: target.gid,
    },
    engine: parts.engine,
    volumes: [...data.volumes, ...parts.volumes],
    mounts: [...data.mounts, ...parts.mounts],
    runAs: ownerOf(target),
    ...hostOf(target, common, common.action),
  };
}
