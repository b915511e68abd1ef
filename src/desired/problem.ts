// Something wrong in a file: the same words in validate, pull request, log and status branch.

export interface Problem {
  readonly level: 'error' | 'warning';
  /** Stable, PascalCase: `UnknownField`, `DuplicateNode`. */
  readonly code: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is wrong, with the place inside the document, and what to do. One line. */
  readonly message: string;
}

/** `nodes/eth.yaml:6:11 error InvalidValue spec.storage.data.size: must be …` */
export function describeProblem(problem: Problem): string {
  const { file, line, column, level, code, message } = problem;
  return `${file}:${line}:${column} ${level} ${code} ${message}`;
}
