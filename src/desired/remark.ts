// Something wrong inside one document, before its place in a file is looked up.

import type { Finding } from '../chains/chain.ts';
import { toDotted, type Path } from '../lib/json-pointer.ts';
import type { Places } from './places.ts';
import type { Problem } from './problem.ts';

/** Like a chain's finding; `part` says whether the key or the value is to be pointed at. */
export interface Remark extends Finding {
  readonly part: 'key' | 'value';
}

/** An error at a path. The message starts with the path as people read it. */
export function remark(code: string, path: Path, what: string, part: 'key' | 'value' = 'value'): Remark {
  return { level: 'error', code, path, part, message: `${toDotted(path)}: ${what}` };
}

/** What a check of a job's or chain's own found. Its message may start with the path already. */
export function fromFinding({ path, message, ...rest }: Finding): Remark {
  const dotted = toDotted(path);
  return { ...rest, path, part: 'value', message: message.startsWith(dotted) ? message : `${dotted}: ${message}` };
}

/** The problem that a remark makes in the file its document came from. */
export function toProblem(file: string, places: Places, { level, code, path, part, message }: Remark): Problem {
  return { level, code, file, ...places.of(path, part), message };
}
