// The files of job records: of thousands, only those are rendered that differ from the branch.

import { type JobRecord, recordPath, UNREADABLE } from '../../jobs/requests/record.ts';
import type { Redactor } from '../../lib/redact.ts';
import { jobDocument } from '../../status/job-document.ts';
import type { ReadRecord } from './record-reader.ts';

export interface RecordTexts {
  /** Takes over what was read from the branch, by path. */
  load(read: ReadonlyMap<string, ReadRecord>): void;
  /** Every record as a file, with the ones that can't be read as they are. */
  render(records: Iterable<JobRecord>, redactor: Redactor): ReadonlyMap<string, string>;
  /** These files are on the branch now. */
  landed(files: ReadonlyMap<string, string>): void;
}

export function createRecordTexts(): RecordTexts {
  /** Text of records that can't be read, by path: kept byte by byte, because they block their requests. */
  const unreadable = new Map<string, string>();
  /** The text on the branch of a record that stands there as it is: it needs no rendering. */
  const settled = new WeakMap<JobRecord, string>();
  /** What was rendered last, until it has landed. */
  let rendered = new Map<string, { readonly record: JobRecord; readonly text: string }>();
  return {
    load(read) {
      unreadable.clear();
      for (const [path, { key, record, text }] of read) {
        if (record !== UNREADABLE) settled.set(record, text);
        else if (key !== undefined) unreadable.set(path, text);
      }
    },
    render(records, redactor) {
      rendered = new Map(
        [...records].map((record) => {
          const text = settled.get(record) ?? jobDocument(record, redactor);
          return [recordPath(record), { record, text }];
        }),
      );
      return new Map([...unreadable, ...[...rendered].map(([path, { text }]) => [path, text] as const)]);
    },
    landed(files) {
      for (const [path, { record, text }] of rendered) if (files.get(path) === text) settled.set(record, text);
    },
  };
}
