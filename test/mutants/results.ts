// What the workers write, one JSON object a line.

import { existsSync, readFileSync } from 'node:fs';

export type Result = { readonly file: string } & (
  | { readonly id: string; readonly isKilled: boolean }
  /** The mutant that is tried next: when the worker never answers again, this one has made it hang. */
  | { readonly begins: string }
  /** Mutants of code that runs while modules are loaded: it runs before one can be switched on. */
  | { readonly always: readonly string[] }
  | { readonly notRepeatable: string; readonly because: string }
  | { readonly isDone: true }
);

export function readResults(path: string): readonly Result[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Result);
}

/** Mutants that need not be tried in this test file: killed by any, or tried by this one. */
export function doneFor(file: string, results: readonly Result[]): readonly string[] {
  return results.flatMap((one) => ('id' in one && (one.isKilled || one.file === file) ? [one.id] : []));
}
