// The part of a termination message that is worth showing.

import { cleanLine, stripControls } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';

const MAX_LENGTH = 300;
const MAX_LINES = 3;
/** Kubernetes keeps 4 KiB of a termination message; a longer one is the end of a log, which was redacted as a whole. */
const MAX_INPUT = 16_384;

/**
 * The line of a termination message that names the cause, else the last one that reports an error, else its last lines:
 * on one line, redacted, without time stamps, with which the same crash would be a new message every time. A client that
 * writes several such lines in changing order keeps the one that `previous`, the message shown so far, has.
 */
export function excerpt(message: string, previous = ''): string {
  const text = redact(stripControls(message.slice(-MAX_INPUT)));
  const lines = text
    .split('\n')
    .map(withoutTime)
    .filter((line) => line !== '');
  const causes = lines.filter((line) => CAUSE.test(line));
  const errors = lines.filter((line) => ERROR.test(line)).toReversed();
  const candidates = [...causes, ...errors, lines.slice(-MAX_LINES).join(' | ')].map((line) =>
    cleanLine(line, MAX_LENGTH),
  );
  return candidates.find((line) => previous.includes(line)) ?? candidates[0] ?? '';
}

/** How loggers mark the level of a line: `ERROR`, `CRIT `, `level=error`, `"level":"fatal"`. */
const ERROR =
  /^(ERROR|ERR|EROR|CRIT|FTL|FATAL)\b|\b(lvl|level)"?[=:]\s?"?(error|eror|crit|fatal)|^\[?(EROR|ERROR|CRIT|FATAL)\b/i;

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
    .replace(/^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d(\.\d{1,9})? /, '')
    .replace(/^\d\d:\d\d:\d\d[.,]\d{1,9}\s/, '')
    .replace(/^\d{1,2}:\d\d[AP]M /, '')
    .trim();
}
