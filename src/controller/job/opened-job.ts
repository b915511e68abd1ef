// What one reconciliation of a job works on.

import type { JobObject } from '../../api/job-object.ts';
import type { JobKind, OpenJob } from '../../jobs/model/job-kind.ts';

export interface OpenedJob {
  readonly kind: JobKind;
  /** As the API server has it now. */
  readonly job: JobObject;
  /** Its spec, read. */
  readonly open: OpenJob;
}
