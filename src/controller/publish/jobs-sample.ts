// The records of one-shot jobs as figures for metrics.

import type { JobPhase } from '../../api/job-phase.ts';
import { isProvenCopy, type JobRecord, UNREADABLE } from '../../jobs/requests/record.ts';
import type { JobEnds, JobsSample } from '../../lib/telemetry.ts';

/** Ends without the result that was requested. A cancelled request was withdrawn before. */
const FAILURES: ReadonlySet<JobPhase> = new Set(['Failed', 'Held', 'Interrupted', 'Refused']);

/** Of all records: how many of each kind are in which phase, and when the last ones ended on each node. */
export function sampleJobs(records: ReadonlyMap<string, JobRecord | typeof UNREADABLE>): JobsSample {
  const counts = new Map<string, { kind: string; phase: string; count: number }>();
  const ends = new Map<string, JobEnds>();
  let pausedNodes = 0;
  for (const record of records.values()) {
    if (record === UNREADABLE) continue;
    const { kind, phase } = record;
    const key = `${kind}/${phase}`;
    counts.set(key, { kind, phase, count: (counts.get(key)?.count ?? 0) + 1 });
    pausedNodes += record.paused?.length ?? 0;
    noteEnd(record, ends);
  }
  return { counts: [...counts.values()], pausedNodes, ends: [...ends.values()] };
}

/** A copy counts only when it is proven: an empty one must not make an alert on old backups stay silent. */
function isSuccess(record: JobRecord): boolean {
  return record.kind === 'Backup' || record.kind === 'Snapshot' ? isProvenCopy(record) : record.phase === 'Complete';
}

function noteEnd(record: JobRecord, ends: Map<string, JobEnds>): void {
  const { kind, namespace, phase, nodes = [], endedAt = '' } = record;
  const at = Date.parse(endedAt) / 1000;
  if (!Number.isFinite(at)) return;
  for (const node of nodes) {
    const key = `${kind}/${namespace}/${node}`;
    const before: JobEnds = ends.get(key) ?? { kind, namespace, node };
    if (isSuccess(record)) ends.set(key, { ...before, success: Math.max(at, before.success ?? 0) });
    else if (FAILURES.has(phase)) ends.set(key, { ...before, failure: Math.max(at, before.failure ?? 0) });
  }
}
