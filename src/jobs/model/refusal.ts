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

/** Why a Restore by the name of a job whose data was removed is refused. */
export function whyRemoved(job: string, because: string): string {
  return `the data of ${job} was removed (${because}): name a Backup or Snapshot that still has its data`;
}
