// A job's status as Kubernetes conditions: for kstatus, and for `kubectl wait --for=condition=Complete`.

import type { NewCondition } from '../../api/conditions.ts';
import { isFinal, type JobStatus } from '../../api/job-status.ts';

/** Only what is true is there, except `Ready`, which always is. */
export function jobConditions({ phase = 'Pending', reason = phase, message = '' }: JobStatus): readonly NewCondition[] {
  const isDone = phase === 'Complete';
  const ready: NewCondition = { type: 'Ready', status: isDone ? 'True' : 'False', reason, message };
  if (isDone) return [ready, { ...ready, type: 'Complete' }];
  if (!isFinal(phase)) return [ready, { type: 'Reconciling', status: 'True', reason, message }];
  const bad: readonly NewCondition[] = [
    { type: 'Stalled', status: 'True', reason, message },
    { type: 'Failed', status: 'True', reason, message },
  ];
  return [ready, ...(phase === 'Cancelled' ? [] : bad)];
}
