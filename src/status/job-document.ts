// A job's record as a file of the status branch, and back: the branch is the memory of what ran.

import { redact, type Redactor } from '../lib/redact.ts';
import { readYaml } from '../lib/yaml/read.ts';
import { documentText } from './documents.ts';

/** The record as text; redacted and capped like every document. Byte-stable. */
export function jobDocument(record: object, redactor: Redactor = redact): string {
  return documentText(record, redactor);
}

/** A record has at most some 20 kB. */
const LIMITS = { length: 128 * 1024 };

/** What a record's file says, as plain data; undefined when it is no plain YAML. Its meaning is for the caller to check. */
export function readJobDocument(text: string): unknown {
  return readYaml(text, LIMITS);
}
