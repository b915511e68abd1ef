// Which requests a controller has claimed and not seen end. It remembers them itself, because others may write to the status
// branch and to objects: neither makes a job run that is not remembered.

import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import type { AdmitInput, Decision } from './admission.ts';
import { type JobRecord, UNREADABLE } from './record.ts';

/** `Kind/namespace/name` → the UID of the object that may act; empty text before there is one. */
export type OpenJobs = Readonly<Record<string, string>>;

type Seen = Pick<AdmitInput, 'records' | 'objects'>;

const WITHOUT_ACTS: readonly (JobPhase | undefined)[] = [undefined, 'Pending', 'Claimed'];

/** Whether a job in this phase has begun: it has locks, and may have stopped nodes. */
export function hasActed(phase: JobPhase | undefined): boolean {
  return !WITHOUT_ACTS.includes(phase);
}

/** For a memory that is lost, or older than this: jobs that have begun and whose record names their object. */
export function adoptOpen({ records, objects }: Seen): OpenJobs {
  const bound = [...records].flatMap(([key, record]) => {
    const live = objects.get(key);
    const isBound = live !== undefined && hasActed(live.phase) && isUnderWay(record) && record.uid === live.uid;
    return isBound ? [[key, live.uid] as const] : [];
  });
  return Object.fromEntries(bound);
}

function isUnderWay(record: JobRecord | typeof UNREADABLE): record is JobRecord {
  return record !== UNREADABLE && (!isFinal(record.phase) || record.phase === 'Held');
}

/** With the claims and bindings of these decisions, and without the jobs that have ended. */
export function openAfter(
  open: OpenJobs,
  decisions: readonly Decision[],
  input: Seen & Pick<AdmitInput, 'requests'>,
): OpenJobs {
  const requested = new Set(input.requests.map(({ key }) => key));
  const news = decisions.flatMap((decision) =>
    decision.do === 'claim' || decision.do === 'bind' ? [[decision.key, decision.record.uid ?? ''] as const] : [],
  );
  const left = Object.entries(open).filter(([key]) => !hasEnded(key, input, requested));
  return news.length === 0 && left.length === Object.keys(open).length ? open : Object.fromEntries([...left, ...news]);
}

/**
 * By both its record and its object. The object ends first: until its end is pushed, the record must still be confirmed. And a
 * job under way is not forgotten because the branch says that it ended.
 */
function hasEnded(key: string, { records, objects }: Seen, requested: ReadonlySet<string>): boolean {
  const [live, record] = [objects.get(key), records.get(key)];
  if (live !== undefined && !isOver(live.phase)) return false;
  if (record === undefined) return live === undefined && !requested.has(key);
  return record !== UNREADABLE && isFinal(record.phase);
}

function isOver(phase: JobPhase = 'Pending'): boolean {
  return isFinal(phase) && phase !== 'Held';
}
