// A job request in Git that is not carried out, for the list of problems.

import type { RequestRefusal } from '../../api/codes/job-reasons.ts';
import type { ProblemView } from '../../status/fleet-view.ts';

export interface RefusedRequest {
  readonly file: string;
  /** The last one is an answer of the API server, and may end. */
  readonly code: RequestRefusal | 'ObjectRefused';
  readonly message: string;
}

export function problemOfRequest({ file, code, message }: RefusedRequest): ProblemView {
  return { level: 'error', code, file, line: 1, column: 1, message };
}
