// The jobs of a cluster, for commands that users run.

import { API_VERSION } from '../api/group.ts';
import type { JobObject } from '../api/job-object.ts';
import { jobKinds } from '../jobs/kinds/index.ts';
import type { Cluster } from '../kube/cluster.ts';
import { kindOf } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';

/**
 * Jobs of every kind. Without permission to read them, prints a warning and returns undefined. A kind that the cluster
 * does not serve has none.
 */
export async function requestsInCluster(cluster: Cluster): Promise<readonly JobObject[] | undefined> {
  try {
    const lists = await Promise.all(jobKinds.map(async ({ kind }) => await list(cluster, kind)));
    return lists.flat();
  } catch (error) {
    if (!isKubeError(error, 'FORBIDDEN')) throw error;
    process.stderr.write('warning: the jobs of the cluster cannot be read and are not shown\n');
    return undefined;
  }
}

async function list(cluster: Cluster, kind: string): Promise<readonly JobObject[]> {
  try {
    return (await cluster.list(kindOf({ apiVersion: API_VERSION, kind }))) as readonly JobObject[];
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED')) return [];
    throw error;
  }
}
