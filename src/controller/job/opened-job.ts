// What one reconciliation of a job works on.

import type { JobObject } from '../../api/job-object.ts';
import type { JobKind, OpenJob } from '../../jobs/model/job-kind.ts';

export interface OpenedJob {
  readonly kind: JobKind;
  /** As the API server has it now, with the status that counts. */
  readonly job: JobObject;
  /** Someone else has written to its status, or the controller stopped between its two copies: it is put back. */
  readonly isChanged: boolean;
  /** Its spec, read. */
  readonly open: OpenJob;
}
