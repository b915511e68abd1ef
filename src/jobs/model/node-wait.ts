// A job in Claimed that waits for its node to become a target.

import type { JobStatus } from '../../api/job-status.ts';

/** Its `reason` says then what is missing, and `since` when that wait began: the time before may have passed in a queue. */
export function waitsForNode({ phase, reason = 'Claimed' }: Pick<JobStatus, 'phase' | 'reason'>): boolean {
  return phase === 'Claimed' && reason !== 'Claimed';
}
