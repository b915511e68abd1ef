// The records of one-shot jobs: what the pushed status branch says, and what the next push will say.

import type { JobObject } from '../api/job-object.ts';
import { isFinal } from '../api/job-status.ts';
import { jobKinds } from '../jobs/index.ts';
import { type JobRecord, parseRecord, recordOf, recordPath, UNREADABLE } from '../jobs/record.ts';
import type { RecordSeen } from '../jobs/seen.ts';
import { sameJson } from '../lib/stable-json.ts';
import type { Redactor } from '../lib/redact.ts';
import { jobDocument, readJobDocument } from '../status/job-document.ts';

export interface Records {
  /** Whether the branch was read: before that nothing may be claimed, because nobody knows what ran. */
  readonly isLoaded: boolean;
  /** Takes over the files of the branch. Also after somebody else changed it. */
  load(files: ReadonlyMap<string, string>): void;
  /** By `Kind/namespace/name`, as pushed. */
  pushedAll(): ReadonlyMap<string, JobRecord | typeof UNREADABLE>;
  /** What a job may rely on of its record: as pushed. */
  pushed(key: string): RecordSeen | undefined;
  /** As it will be pushed. */
  wanted(key: string): JobRecord | undefined;
  /** A claim, a binding, an end. */
  put(record: JobRecord): void;
  /** The request's status moved on; true when its record changes. */
  follow(key: string, job: JobObject): boolean;
  /** Every record as a file, with the ones that can't be read as they are. */
  files(redactor: Redactor): ReadonlyMap<string, string>;
  /** Those files are on the branch now. Returns the keys whose pushed record changed. */
  landed(files: ReadonlyMap<string, string>): readonly string[];
}

/** Records live as long as the branch: an ended request's record stays when its file and its object are gone. */
export function createRecords(executor: string): Records {
  const wanted = new Map<string, JobRecord>();
  /** Text of records that can't be read, by path: kept byte by byte, because they block their requests. */
  const unreadable = new Map<string, string>();
  let pushed = new Map<string, JobRecord | typeof UNREADABLE>();
  let loaded = false;
  const prefix = `${executor}/jobs/`;

  function parseAll(files: ReadonlyMap<string, string>): Map<string, JobRecord | typeof UNREADABLE> {
    const records = new Map<string, JobRecord | typeof UNREADABLE>();
    for (const [path, text] of files) {
      if (!path.startsWith(prefix)) continue;
      const record = parseRecord(readJobDocument(text));
      const isOwn = record !== UNREADABLE && recordPath(record) === path && record.executor === executor;
      const key = record === UNREADABLE || !isOwn ? keyOfPath(path, prefix) : keyOfRecord(record);
      if (key !== undefined) records.set(key, isOwn ? record : UNREADABLE);
    }
    return records;
  }

  return {
    get isLoaded() {
      return loaded;
    },
    load(files) {
      pushed = parseAll(files);
      for (const [key, record] of pushed) {
        if (record === UNREADABLE) continue;
        const ours = wanted.get(key);
        if (ours === undefined || (isFinal(record.phase) && !isFinal(ours.phase))) wanted.set(key, record);
      }
      unreadable.clear();
      for (const [path, text] of files) {
        const key = path.startsWith(prefix) ? keyOfPath(path, prefix) : undefined;
        if (key !== undefined && pushed.get(key) === UNREADABLE) unreadable.set(path, text);
      }
      loaded = true;
    },
    pushedAll: () => pushed,
    pushed(key) {
      const record = pushed.get(key);
      if (record === undefined || record === UNREADABLE) return undefined;
      return { phase: record.phase, ...(record.uid === undefined ? {} : { uid: record.uid }) };
    },
    wanted: (key) => wanted.get(key),
    put: (record) => void wanted.set(keyOfRecord(record), record),
    follow(key, job) {
      const before = wanted.get(key);
      // Of an object that is not bound nothing is told: it has done nothing, and the push that binds it would come later.
      if (before === undefined || before.uid !== job.metadata.uid) return false;
      const next = recordOf(before, job);
      if (sameJson(before, next)) return false;
      wanted.set(key, next);
      return true;
    },
    files(redactor) {
      const records = [...wanted.values()].map(
        (record) => [recordPath(record), jobDocument(record, redactor)] as const,
      );
      return new Map([...unreadable, ...records]);
    },
    landed(files) {
      const now = parseAll(files);
      const changed = [...new Set([...now.keys(), ...pushed.keys()])].filter(
        (key) => !sameJson(now.get(key), pushed.get(key)),
      );
      pushed = now;
      return changed;
    },
  };
}

function keyOfRecord({ kind, namespace, name }: JobRecord): string {
  return `${kind}/${namespace}/${name}`;
}

/** `prod/jobs/backup/ns/name.yaml` → `Backup/ns/name`, for files whose content does not tell. */
function keyOfPath(path: string, prefix: string): string | undefined {
  const [kind, namespace, file] = path.slice(prefix.length).split('/');
  const name = file?.replace(/\.yaml$/, '');
  const proper = kind === undefined ? undefined : KIND_BY_FOLDER.get(kind);
  return proper === undefined || namespace === undefined || name === undefined
    ? undefined
    : `${proper}/${namespace}/${name}`;
}

const KIND_BY_FOLDER: ReadonlyMap<string, string> = new Map(jobKinds.map(({ kind }) => [kind.toLowerCase(), kind]));
