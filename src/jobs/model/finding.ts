// Something wrong with a request, found without a cluster.

import type { Path } from '../../lib/json-pointer.ts';

/** The same shape as a chain's finding. `path` starts at the document's root: `['spec', 'node']`. */
export interface Finding {
  readonly level: 'error' | 'warning';
  /** Stable, PascalCase. */
  readonly code: string;
  readonly path: Path;
  /** What is wrong and what to do. */
  readonly message: string;
}

export function errorAt(code: string, path: Path, message: string): Finding {
  return { level: 'error', code, path, message };
}

export function warningAt(code: string, path: Path, message: string): Finding {
  return { level: 'warning', code, path, message };
}
