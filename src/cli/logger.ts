// The log: one JSON object per line on standard output, with a constant sentence and fields, redacted.

import { type Logger, pino } from 'pino';

import { describeError } from '../lib/errors.ts';
import type { Redactor } from '../lib/redact.ts';
import { rememberTexts } from '../lib/text-memo.ts';

/** Every logged text, at any depth, goes through the redactor; errors become one line with their causes. */
export function createLogger(level: string, redactor: Redactor): Logger {
  // What was changed may have held a secret, and is not kept.
  const redact = rememberTexts(redactor, { count: 2000, isKept: (redacted, text) => redacted === text });
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (facts) => Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, clean(value, redact, 0)])),
    },
  });
}

const MAX_DEPTH = 6;

function clean(value: unknown, redactor: Redactor, depth: number): unknown {
  if (typeof value === 'string') return redactor(value);
  if (value instanceof Error) return redactor(describeError(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.map((member) => clean(member, redactor, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, clean(member, redactor, depth + 1)]));
}
