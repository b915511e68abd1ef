// The JSON of problems, the same in every command.

import type { ProblemCode } from '../api/codes/problems.ts';
import type { Problem } from '../desired/text/problem.ts';

interface ProblemJson {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: ProblemCode;
  readonly message: string;
}

export interface ProblemsJson {
  /** Errors: not empty exactly when the files are invalid. */
  readonly problems: readonly ProblemJson[];
  /** Absent when there are none. */
  readonly warnings?: readonly ProblemJson[];
}

/** Errors and warnings in separate lists, each with exactly five fields. */
export function problemsToJson(all: readonly Problem[]): ProblemsJson {
  const warnings = all.filter(({ level }) => level === 'warning').map(toJson);
  return {
    problems: all.filter(({ level }) => level === 'error').map(toJson),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function toJson({ file, line, column, code, message }: Problem): ProblemJson {
  return { file, line, column, code, message };
}
