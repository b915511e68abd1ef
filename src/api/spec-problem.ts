// A problem of a document, before its position in the file is known.

import type { Path } from '../lib/json-pointer.ts';
import { toDotted } from '../lib/json-pointer.ts';
import type { ProblemCode } from './codes/problems.ts';

export interface SpecProblem {
  readonly level: 'error' | 'warning';
  readonly code: ProblemCode;
  /** From the document's root: `['spec', 'clients', 'el', 'version']`. */
  readonly path: Path;
  /** What is wrong and what to do, in one or two sentences. */
  readonly message: string;
  /** Whether the position is that of the key or of the value. Default: the value. */
  readonly part?: 'key' | 'value';
}

export function errorAt(code: ProblemCode, path: Path, message: string): SpecProblem {
  return { level: 'error', code, path, message };
}

/** An error that points at the key: for a key that must not exist, or a field that is missing below it. */
export function errorAtKey(code: ProblemCode, path: Path, message: string): SpecProblem {
  return { level: 'error', code, path, part: 'key', message };
}

export function warningAt(code: ProblemCode, path: Path, message: string): SpecProblem {
  return { level: 'warning', code, path, message };
}

/** The message with its path, unless it already starts with the path: `spec.chain: "etherium" is no chain; …`. */
export function messageWithPath({ path, message }: Pick<SpecProblem, 'path' | 'message'>): string {
  const dotted = toDotted(path);
  return message.startsWith(dotted) ? message : `${dotted}: ${message}`;
}
