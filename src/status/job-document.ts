// A job's record as a file of the status branch, and back: the branch is the memory of what ran.

import { parse } from 'yaml';

import { redact, type Redactor } from '../lib/redact.ts';
import { documentText } from './documents.ts';

/** The record as text; redacted and capped like every document. Byte-stable. */
export function jobDocument(record: object, redactor: Redactor = redact): string {
  return documentText(record, redactor);
}

/** What a record's file says, as plain data; undefined when it is no YAML. Its meaning is for the caller to check. */
export function readJobDocument(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
