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

export interface Used {
  /** In characters. */
  readonly total: number;
  /** The largest part of what is no job. */
  readonly largest?: { readonly name: string; readonly size: number };
}

/**
 * The decisions without the claims that do not fit: these requests wait until other jobs have ended. `used`: what is
 * remembered, with what the jobs under way may still need.
 */
export function withinRoom(
  decisions: readonly Decision[],
  { used, files }: { readonly used: () => Used; readonly files: ReadonlyMap<string, string> },
): readonly Decision[] {
  if (!decisions.some((decision) => decision.do === 'claim')) return decisions;
  const { total, largest } = used();
  let left = LIMIT - SPARE - total;
  return decisions.map((decision) => {
    if (decision.do !== 'claim') return decision;
    left -= neededFor(decision.record);
    return left >= 0 ? decision : refuse(decision.key, files.get(decision.key) ?? '', largest);
  });
}

function refuse(key: string, file: string, largest: Used['largest']): Decision {
  const part =
    largest === undefined ? '' : `, of which ${largest.name} takes ${Math.ceil(largest.size / 1024)} of 1024 KiB`;
  const message = `waits until other jobs have ended: the controller has no room left to remember the jobs under way. It runs then by itself. If only few jobs are under way, the ConfigMap nodewright-<executor> with its memory is full of other things${part}: "The memory is full" in docs/recovery.md says how to see and to clear them`;
  return { do: 'refuse', key, file, reason: 'MemoryFull', message };
}
