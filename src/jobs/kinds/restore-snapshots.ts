// The plan of a Restore from VolumeSnapshots.

import type { JobTarget } from '../../api/job-status.ts';
import type { DataOrigin, RestoreParameters } from '../../api/worker-task.ts';
import { defined } from '../../lib/defined.ts';
import type { JobView, TaskPlan } from '../model/job-kind.ts';
import type { RestoreSource } from '../model/observation.ts';
import type { Refusal } from '../model/refusal.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { dataAt } from '../task/pod-parts.ts';
import { expectation } from './restore-parameters.ts';
import { claimsAt, claimsFrom, noClassFor, SNAPSHOT_FOLDER } from './volume-snapshots.ts';

export type RestorePod = TaskSpec & { readonly parameters: RestoreParameters };

interface FromSnapshots {
  readonly view: JobView;
  readonly target: JobTarget;
  readonly source: RestoreSource;
}

/** `pod` restores from a PVC; here the worker writes the manifest itself, and compares the content with the record. */
export function planFromSnapshots({ view, target, source }: FromSnapshots, pod: RestorePod): TaskPlan | Refusal {
  const claims = claimsFrom(readsOf({ view, target, source }));
  if ('refused' in claims) return claims;
  const from = claimsAt(claims, target);
  const data = dataAt(target, '/data', false);
  const { manifestSha256: contentSha256 = '', ...known } = source;
  const parameters = {
    ...pod.parameters,
    from: SNAPSHOT_FOLDER,
    expect: expectation(target, {}),
    describe: { contentSha256, origin: originIn(known, view) },
  };
  const [volumes, mounts] = [
    [...data.volumes, ...from.volumes],
    [...data.mounts, ...from.mounts],
  ];
  return { do: 'pods', made: claims, pods: [{ ...pod, parameters, volumes, mounts }] };
}

/** Before the node is stopped. */
export function refuseClasses(from: FromSnapshots): Refusal | undefined {
  return noClassFor(readsOf(from));
}

function readsOf({ view, target, source }: FromSnapshots): Parameters<typeof claimsFrom>[0] {
  return { job: view.job, target, snapshots: source.volumeSnapshots ?? [], classes: view.observed.storageClasses };
}

/** For the manifest: what the record says of the data. */
function originIn(
  { job, node, chain, live, ...source }: Omit<RestoreSource, 'manifestSha256'>,
  view: JobView,
): DataOrigin {
  const { network, chainId, height } = source;
  return { job, uid: view.job.uid, node, chain, images: [], live, ...defined({ network, chainId, height }) };
}
