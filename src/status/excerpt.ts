// The part of a container's last words that is worth showing.

import { cleanLine, stripControls } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';

const MAX_LENGTH = 300;
const MAX_LINES = 3;
/** Kubernetes keeps 4 KiB of a termination message; more than this is not ours to read. */
const MAX_INPUT = 16_384;

/**
 * The line of a termination message that names the cause, else its last lines, on one line, redacted, without time
 * stamps: with them the same crash would be a new message every time.
 */
export function excerpt(message: string): string {
  const text = redact(stripControls(message.slice(-MAX_INPUT)));
  const lines = text
    .split('\n')
    .map(withoutTime)
    .filter((line) => line !== '');
  const start = lines.findIndex((line) => CAUSE.test(line));
  const telling = start === -1 ? lines.slice(-MAX_LINES) : lines.slice(start, start + 1);
  return cleanLine(telling.join(' | '), MAX_LENGTH);
}

/** How programs begin the line that says why they end; a stack trace may follow. */
const CAUSE =
  /^(panic: |fatal( error)?: |thread '.{1,64}' panicked|Exception in thread |Unhandled exception|flag provided but not defined)/i;

/** Whether the last words say that the disk is full. */
export function saysDiskFull(message: string): boolean {
  return /no space left on device|\bENOSPC\b|disk (?:is )?full|(?:not enough (?:free )?|low )disk space/i.test(message);
}

function withoutTime(line: string): string {
  return line
    .replace(/\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,12}(?:Z|[+-]\d\d:?\d\d)?\]?/g, '')
    .replace(/\[\d\d-\d\d\|\d\d:\d\d:\d\d\.\d{1,9}\]/g, '')
    .trim();
}
