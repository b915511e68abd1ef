// Which requests of files were claimed, by the controller's own memory: who removes a record from the status branch and the
// object from the cluster must not make a request run a second time.

import type { DesiredRequest, DesiredSet } from '../../../desired/desired-set.ts';
import { sha256 } from '../../../lib/hash.ts';

/** A request by a part of the digest of its key: enough to tell those of one repository apart, and the memory stays small. */
const LENGTH = 16;

export interface RanInput {
  readonly desired: Pick<DesiredSet, 'requests' | 'fleetBroken' | 'brokenFiles'>;
  readonly executor: string;
  /** Keys of requests with a record on the branch: an object is made only after it, and after this was remembered. */
  readonly recorded: ReadonlySet<string>;
}

/** What is remembered next. A request without a file is forgotten: its record stays as long as the branch. */
export function ranAfter(ran: readonly string[], { desired, executor, recorded }: RanInput): readonly string[] {
  const before = new Set(ran);
  const isWhole = !desired.fleetBroken && desired.brokenFiles.size === 0;
  const still = ownKeys(desired.requests, executor).filter((key) => recorded.has(key) || before.has(shortOf(key)));
  return [...new Set([...(isWhole ? [] : ran), ...still.map(shortOf)])].sort();
}

/** Those that ran, or may have, and have no record any more. */
export function ranUnrecorded(ran: readonly string[], { desired, executor, recorded }: RanInput): readonly string[] {
  const before = new Set(ran);
  return ownKeys(desired.requests, executor).filter((key) => !recorded.has(key) && before.has(shortOf(key)));
}

/** A run of a schedule has no file, and the memory has up to when the schedule is dealt with. */
function ownKeys(requests: ReadonlyMap<string, DesiredRequest>, executor: string): readonly string[] {
  return [...requests].flatMap(([key, request]) => (request.executor === executor ? [key] : []));
}

function shortOf(key: string): string {
  return sha256(key).slice(0, LENGTH);
}
