// Which notes on locks are confirmed. Anyone who may create a Lease can write any note, so a note counts only as far as the
// record of its job says the same.

import type { LockNote, NotedNode } from '../model/effect.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { type JobRecord, UNREADABLE } from './record.ts';

export interface NoteEvidence {
  /** Whether the status branch was read. */
  readonly isLoaded: boolean;
  /** Whether any job has a record: a branch without one may have been lost. */
  readonly hasRecords: boolean;
  readonly record: JobRecord | typeof UNREADABLE | undefined;
}

/**
 * `Confirmed`: the record names the same job, nodes, workloads and replicas. `Unknown`: no record can confirm it now.
 * `Refuted`: the job has another record, or none on a branch that has records.
 */
export type NoteVerdict = 'Confirmed' | 'Unknown' | 'Refuted';

export function judgeNote(note: LockNote, { isLoaded, hasRecords, record }: NoteEvidence): NoteVerdict {
  if (record === UNREADABLE) return 'Unknown';
  if (record === undefined) return isLoaded && hasRecords ? 'Refuted' : 'Unknown';
  const isSame = record.uid === note.uid && note.nodes.every((node) => isRecorded(node, record));
  return isSame ? 'Confirmed' : 'Refuted';
}

function isRecorded({ node, workload, replicas }: NotedNode, { nodes = [], workloads = [] }: JobRecord): boolean {
  if (!nodes.includes(node)) return false;
  // A managed node is started by its own spec: the note gives no number.
  if (workload.kind === 'BlockchainNode') return true;
  return workloads.some(
    (one) => one.node === node && sameJson(one.workload, workload) && (one.replicas ?? 0) === (replicas ?? 0),
  );
}

/** What of a note may be acted on without a record: it can keep a managed node stopped, and scales nothing. */
export function withoutWorkloads(note: LockNote): LockNote {
  return { ...note, nodes: note.nodes.filter(({ workload }) => workload.kind === 'BlockchainNode') };
}

/** `Backup ns/name` → `Backup/ns/name`: the key of the record. */
export function recordKeyOf({ job }: Pick<LockNote, 'job'>): string {
  return job.replace(' ', '/');
}
