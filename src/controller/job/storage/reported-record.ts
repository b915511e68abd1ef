// What a job did, as its object reports it. Who may push to the status branch can write any record, but no object.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { type JobRecord, recordOf } from '../../../jobs/requests/record.ts';
import { keyOfRecord } from '../record-reader.ts';

export type ObjectsByKey = ReadonlyMap<string, JobObject>;

export function objectsByKey(objects: readonly JobObject[]): ObjectsByKey {
  return new Map(objects.map((object) => [jobKeyOf(object), object]));
}

/** The object that the record is of, while it is there. */
export function objectOfRecord(record: JobRecord, objects: ObjectsByKey): JobObject | undefined {
  const object = objects.get(keyOfRecord(record));
  return object !== undefined && object.metadata.uid === record.uid ? object : undefined;
}

/** The record with what its object says in place of what stands in it; as it is where the object is gone. */
export function asReported(record: JobRecord, object: JobObject | undefined): JobRecord {
  if (object === undefined) return record;
  const known = reported.get(object);
  if (known?.from === record) return known.record;
  const found = { from: record, record: recordOf(record, object) };
  reported.set(object, found);
  return found.record;
}

/** Neither changes for years, and there may be thousands. */
const reported = new WeakMap<JobObject, { readonly from: JobRecord; readonly record: JobRecord }>();
