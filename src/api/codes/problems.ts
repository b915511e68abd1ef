// The problems that a file can have. `validate`, `plan` and the status branch show the code.

import { DOCUMENT_PROBLEMS } from './document-problems.ts';
import { FILE_PROBLEMS } from './file-problems.ts';
import { JOB_PROBLEMS } from './job-problems.ts';
import { NODE_PROBLEMS } from './node-problems.ts';
import { POLICY_RULES } from './policy-rules.ts';

/** Every code, in the order of the documentation. */
export const PROBLEMS = { ...FILE_PROBLEMS, ...DOCUMENT_PROBLEMS, ...NODE_PROBLEMS, ...JOB_PROBLEMS, ...POLICY_RULES };

export type ProblemCode = keyof typeof PROBLEMS;
