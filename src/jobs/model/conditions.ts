// A job's status as Kubernetes conditions: for kstatus, and for `kubectl wait --for=condition=Complete`.

import type { NewCondition } from '../../api/conditions.ts';
import { isFinal } from '../../api/job-phase.ts';
import type { JobStatus } from '../../api/job-status.ts';

/**
 * Only what is true is there, except `Ready`, which always is. A job that was cancelled is `Stalled`, so that its end is
 * known, but not `Failed`.
 */
export function jobConditions({ phase = 'Pending', reason = phase, message = '' }: JobStatus): readonly NewCondition[] {
  const isDone = phase === 'Complete';
  const ready: NewCondition = { type: 'Ready', status: isDone ? 'True' : 'False', reason, message };
  if (isDone) return [ready, { ...ready, type: 'Complete' }];
  if (!isFinal(phase)) return [ready, { type: 'Reconciling', status: 'True', reason, message }];
  // Without it kstatus would wait for a cancelled job for ever: `Ready` is False, and nothing says that it stays so.
  const stalled: NewCondition = { type: 'Stalled', status: 'True', reason, message };
  return phase === 'Cancelled' ? [ready, stalled] : [ready, stalled, { ...stalled, type: 'Failed' }];
}
