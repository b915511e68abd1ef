// How many jobs may be under way: what the controller remembers of them has to fit into one ConfigMap.

import type { Decision } from './admission.ts';
import type { JobRecord } from './record.ts';

/** What the API server accepts as the data of a ConfigMap. */
const LIMIT = 1024 * 1024;
/** Never promised: other members grow, and a job may need more than is expected of it. */
const SPARE = LIMIT / 5;
/** Of a job on one node at its end, with some spare: most need less than half of it. */
const JOB = 2048;
/** Of each further node. */
const NODE = 512;

/** What a job may need in the memory before it ends, in characters. */
export function neededFor({ nodes = [] }: Pick<JobRecord, 'nodes'>): number {
  return JOB + NODE * Math.max(0, nodes.length - 1);
}

/**
 * The decisions without the claims that do not fit: these requests wait until other jobs have ended. `used`: what is
 * remembered, with what the jobs under way may still need.
 */
export function withinRoom(
  decisions: readonly Decision[],
  { used, files }: { readonly used: () => number; readonly files: ReadonlyMap<string, string> },
): readonly Decision[] {
  if (!decisions.some((decision) => decision.do === 'claim')) return decisions;
  let left = LIMIT - SPARE - used();
  return decisions.map((decision) => {
    if (decision.do !== 'claim') return decision;
    left -= neededFor(decision.record);
    return left >= 0 ? decision : refuse(decision.key, files.get(decision.key) ?? '');
  });
}

function refuse(key: string, file: string): Decision {
  const message =
    'waits until other jobs have ended: the controller has no room left to remember the jobs under way. It runs then by itself. If only few jobs are under way, make the ConfigMap with its memory smaller: `kubectl describe configmap nodewright-<executor>` in its namespace shows what is in it';
  return { do: 'refuse', key, file, reason: 'MemoryFull', message };
}
