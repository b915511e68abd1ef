// The problems that a file can have. `validate`, `plan` and the status branch show the code.

import type { ControllerReason } from './controller-reasons.ts';
import { DOCUMENT_PROBLEMS } from './document-problems.ts';
import { FILE_PROBLEMS } from './file-problems.ts';
import type { RequestRefusal } from './job-reasons.ts';
import { JOB_PROBLEMS } from './job-problems.ts';
import type { NodeReason } from './node-reasons.ts';
import { NODE_PROBLEMS } from './node-problems.ts';
import { POLICY_RULES } from './policy-rules.ts';

/** Every code, in the order of the documentation. */
export const PROBLEMS = { ...FILE_PROBLEMS, ...DOCUMENT_PROBLEMS, ...NODE_PROBLEMS, ...JOB_PROBLEMS, ...POLICY_RULES };

export type ProblemCode = keyof typeof PROBLEMS;

/** What `problems` of `sync.yaml` shows: problems of files, refused job requests, and objects that the API server refused. */
export type ReportedCode =
  | ProblemCode
  | RequestRefusal
  | Extract<NodeReason, 'ObjectRefused' | 'MemoryLost'>
  | Extract<ControllerReason, 'StatusBranchLost'>;
