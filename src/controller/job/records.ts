// The records of one-shot jobs: what the pushed status branch says, and what the next push will say.

import type { JobObject } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { type JobRecord, recordOf, UNREADABLE } from '../../jobs/requests/record.ts';
import type { ObservedRecord } from '../../jobs/model/observation.ts';
import { defined } from '../../lib/defined.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Redactor } from '../../lib/redact.ts';
import { createRecordReader, keyOfRecord, type ReadRecord } from './record-reader.ts';
import { createRecordTexts } from './record-texts.ts';

export interface Records {
  /** Whether the branch was read: before that nothing may be claimed, because it is unknown what ran. */
  readonly isLoaded: boolean;
  /** Reads a file ahead of `load`: parsing the records of years at once would hold up everything else. */
  readAhead(path: string, text: string): void;
  /** Takes over the files of the branch. */
  load(files: ReadonlyMap<string, string>): void;
  /** By `Kind/namespace/name`, as pushed. */
  pushedAll(): ReadonlyMap<string, JobRecord | typeof UNREADABLE>;
  /** What a job may rely on of its record: as pushed. */
  pushed(key: string): ObservedRecord | undefined;
  /** As the next push will write it. */
  next(key: string): JobRecord | undefined;
  /** A claim, a binding, an end. */
  put(record: JobRecord): void;
  /** The job's status changed; true when its record changes. */
  follow(key: string, job: JobObject): boolean;
  /** Every record as a file, with the ones that can't be read as they are. */
  files(redactor: Redactor): ReadonlyMap<string, string>;
  /** Those files are on the branch now. Returns the keys whose pushed record changed. */
  landed(files: ReadonlyMap<string, string>): readonly string[];
}

/** Records live as long as the branch: an ended request's record stays when its file and its object are gone. */
export function createRecords(executor: string): Records {
  const next = new Map<string, JobRecord>();
  const texts = createRecordTexts();
  let pushed = new Map<string, JobRecord | typeof UNREADABLE>();
  let loaded = false;
  const reader = createRecordReader(executor);
  return {
    get isLoaded() {
      return loaded;
    },
    readAhead: (path, text) => reader.readAhead(path, text),
    load(files) {
      const read = reader.readAll(files);
      pushed = byKey(read);
      texts.load(read);
      for (const [key, record] of pushed) {
        if (record === UNREADABLE) continue;
        const ours = next.get(key);
        if (ours === undefined || (isFinal(record.phase) && !isFinal(ours.phase))) next.set(key, record);
      }
      loaded = true;
    },
    pushedAll: () => pushed,
    pushed(key) {
      const record = pushed.get(key);
      if (record === undefined || record === UNREADABLE) return undefined;
      return { phase: record.phase, ...defined({ uid: record.uid }) };
    },
    next: (key) => next.get(key),
    put: (record) => void next.set(keyOfRecord(record), record),
    follow(key, job) {
      const before = next.get(key);
      // An object that is not bound has done nothing yet, and the push that binds it would come later.
      if (before === undefined || before.uid !== job.metadata.uid || isBeingBound(pushed.get(key), job)) return false;
      const followed = recordOf(before, job);
      if (sameJson(before, followed)) return false;
      next.set(key, followed);
      return true;
    },
    files: (redactor) => texts.render(next.values(), redactor),
    landed(files) {
      const now = byKey(reader.readAll(files));
      texts.landed(files);
      const changed = [...new Set([...now.keys(), ...pushed.keys()])].filter(
        (key) => now.get(key) !== pushed.get(key) && !sameJson(now.get(key), pushed.get(key)),
      );
      pushed = now;
      return changed;
    },
  };
}

/** The branch has the claim and not yet its object: what that says now is over when it has. */
function isBeingBound(there: JobRecord | typeof UNREADABLE | undefined, { status }: JobObject): boolean {
  if (there === undefined || there === UNREADABLE || there.uid !== undefined) return false;
  return !isFinal(there.phase) && !isFinal(status?.phase ?? 'Pending');
}

function byKey(read: ReadonlyMap<string, ReadRecord>): Map<string, JobRecord | typeof UNREADABLE> {
  return new Map([...read.values()].flatMap(({ key, record }) => (key === undefined ? [] : [[key, record]])));
}
