// Why something can't be done, as data.

import type { FailureReason } from '../../api/codes/job-reasons.ts';

export interface Refusal {
  readonly refused: true;
  readonly reason: FailureReason;
  readonly message: string;
}

export function refuse(reason: FailureReason, message: string): Refusal {
  return { refused: true, reason, message };
}
