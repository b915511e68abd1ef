// Whether a job concerns a node.

import type { JobObject } from '../../api/job-object.ts';
import { isBeforeWork, isFinal } from '../../api/job-phase.ts';
import type { JobStatus } from '../../api/job-status.ts';
import { lockOfNode } from './locks.ts';

/** A job under way that holds the node's lock, or has the node as a target. */
export function worksOn({ metadata, status }: JobObject, nodeKey: string): boolean {
  return isUnderWay(status) && concernsIn(metadata, status, nodeKey);
}

/** Its work on the node has begun: the node is stopped for it, or was, and is started again. */
export function hasBegunOn(job: JobObject, nodeKey: string): boolean {
  return !isBeforeWork(job.status?.phase) && worksOn(job, nodeKey);
}

export function concernsIn(
  { namespace = '' }: JobObject['metadata'],
  { locks = [], targets = [] }: JobStatus,
  nodeKey: string,
): boolean {
  const [own, node = ''] = nodeKey.split('/');
  return namespace === own && (targets.some((target) => target.node === node) || locks.includes(lockOfNode(node)));
}

function isUnderWay(status: JobStatus | undefined): status is JobStatus {
  const phase = status?.phase;
  return phase !== undefined && phase !== 'Claimed' && !isFinal(phase);
}
