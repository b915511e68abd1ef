// A job request in Git that is not carried out, for the list of problems.

import type { RequestRefusal } from '../../api/codes/job-reasons.ts';

export interface RefusedRequest {
  readonly file: string;
  readonly code: RequestRefusal;
  readonly message: string;
}
