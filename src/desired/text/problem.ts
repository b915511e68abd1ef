// A problem in a file, with the same text in validate, pull request, log and status branch.

import type { ProblemCode } from '../../api/codes/problems.ts';
import { messageWithPath, type SpecProblem } from '../../api/spec-problem.ts';
import { cleanLine, showInvisible } from '../../lib/clean-text.ts';
import { redact } from '../../lib/redact.ts';
import type { Places } from './places.ts';

export interface Problem {
  readonly level: 'error' | 'warning';
  readonly code: ProblemCode;
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

/** The problem of a document with its position in the file. */
export function toProblem(file: string, places: Places, problem: SpecProblem): Problem {
  const { level, code, path, part = 'value' } = problem;
  return { level, code, file, ...places.of(path, part), message: showable(messageWithPath(problem)) };
}

const MAX_MESSAGE = 1200;

/** A message may quote keys and values of the file, and they may be anything: one line, no secret, not long, all characters visible. */
export function showable(message: string): string {
  return cleanLine(showInvisible(redact(message.slice(0, 4 * MAX_MESSAGE))), MAX_MESSAGE);
}
