// Parts that the worker pods of several kinds are put together from.

import type { JobAction } from '../../api/job.ts';
import type { JobTarget, JobVolume } from '../../api/job-status.ts';
import type { DataOrigin } from '../../api/worker-task.ts';
import type { CommonSpec, JobView } from '../model/job-kind.ts';
import { describeJob } from '../model/names.ts';
import type { PodMount, PodVolume, TaskSpec } from '../model/task-spec.ts';

/** Volumes and mounts of a node's data, each volume below `base` under its own name. */
export function dataAt(
  target: JobTarget,
  base: string,
  readOnly: boolean,
): { volumes: PodVolume[]; mounts: PodMount[] } {
  return {
    volumes: target.volumes.map(({ name, claim: pvc }) => ({ name: `node-${name}`, pvc, readOnly })),
    mounts: target.volumes.map((volume) => ({ ...mountOf(volume, `${base}/${volume.name}`), readOnly })),
  };
}

/** One volume at a path; only the node's folder of a PVC that nodes share. */
export function mountOf({ name, subPath }: JobVolume, path: string): PodMount {
  return { volume: `node-${name}`, path, ...(subPath === undefined ? {} : { subPath }) };
}

/**
 * The owner of the data where that is a user; data of root is worked on by root with the rights that copying with
 * owners and modes needs, and no others.
 */
export function ownerOf({ uid, gid }: JobTarget): TaskSpec['runAs'] {
  return { uid, gid, capabilities: uid === 0 ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : [] };
}

/** The Kubernetes node the pod must run on: where the node runs, if it keeps running or the request asks for it. */
export function hostOf(target: JobTarget, common: CommonSpec, action: JobAction): { readonly host?: string } {
  const near = common.podAffinityFlag || (action === 'Direct' && target.host !== undefined);
  return near && target.host !== undefined ? { host: target.host } : {};
}

/** What the manifest says about where the data came from. */
export function originOf(
  { job }: JobView,
  target: JobTarget,
  facts: { readonly live: boolean; readonly height?: number },
): DataOrigin {
  const height = facts.height ?? target.height;
  return {
    job: describeJob(job),
    uid: job.uid,
    node: target.node,
    chain: target.chain,
    ...(target.network === undefined ? {} : { network: target.network }),
    ...(target.chainId === undefined ? {} : { chainId: target.chainId }),
    ...(height === undefined ? {} : { height }),
    images: target.images ?? [],
    live: facts.live,
  };
}
