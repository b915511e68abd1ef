// Reads the records among a branch's files: of thousands, only those that changed since they were read last.

import { jobKinds } from '../../jobs/kinds/index.ts';
import { type JobRecord, parseRecord, recordPath, UNREADABLE } from '../../jobs/requests/record.ts';
import { readJobDocument } from '../../status/job-document.ts';

export interface RecordReader {
  /** Reads one file, so that `readAll` need not. */
  readAhead(path: string, text: string): void;
  /** The records of an executor by their paths; other files are left out. The same text gives the same object. */
  readAll(files: ReadonlyMap<string, string>): ReadonlyMap<string, ReadRecord>;
}

export function createRecordReader(executor: string): RecordReader {
  const prefix = `${executor}/jobs/`;
  let known = new Map<string, ReadRecord>();

  function read(path: string, text: string): ReadRecord {
    const before = known.get(path);
    if (before?.text === text) return before;
    const record = parseRecord(readJobDocument(text));
    const isOwn = record !== UNREADABLE && recordPath(record) === path && record.executor === executor;
    const key = isOwn ? keyOfRecord(record) : keyOfPath(path, prefix);
    return { text, key, record: isOwn ? record : UNREADABLE };
  }

  return {
    readAhead(path, text) {
      if (path.startsWith(prefix)) known.set(path, read(path, text));
    },
    readAll(files) {
      const own = [...files].filter(([path]) => path.startsWith(prefix));
      known = new Map(own.map(([path, text]) => [path, read(path, text)]));
      return known;
    },
  };
}

/** What a record's file says. */
export interface ReadRecord {
  readonly text: string;
  /** Undefined where the path does not name a job either. */
  readonly key: string | undefined;
  readonly record: JobRecord | typeof UNREADABLE;
}

/** `Kind/namespace/name` */
export function keyOfRecord({ kind, namespace, name }: JobRecord): string {
  return `${kind}/${namespace}/${name}`;
}

/** `prod/jobs/backup/ns/name.yaml` → `Backup/ns/name`, for files whose content cannot be read. */
function keyOfPath(path: string, prefix: string): string | undefined {
  const [kind, namespace, file] = path.slice(prefix.length).split('/');
  const name = file?.replace(/\.yaml$/, '');
  const proper = kind === undefined ? undefined : KIND_BY_FOLDER.get(kind);
  return proper === undefined || namespace === undefined || name === undefined
    ? undefined
    : `${proper}/${namespace}/${name}`;
}

const KIND_BY_FOLDER: ReadonlyMap<string, string> = new Map(jobKinds.map(({ kind }) => [kind.toLowerCase(), kind]));
