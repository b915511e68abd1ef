// Redacts the texts of a status, and nothing else in it: names, ids, digests and signer states are compared and used.

import type { Redactor } from '../redact.ts';

/** Members that are texts for people, at any depth. */
const TEXTS: ReadonlySet<string> = new Set(['message', 'risk', 'notes', 'command', 'outputTail', 'version']);

/** The same value with `redactor` applied to its texts; the same object when that changes nothing. */
export function redactTexts<T>(value: T, redactor: Redactor): T {
  return redacted(value, redactor, false) as T;
}

function redacted(value: unknown, redactor: Redactor, isText: boolean): unknown {
  if (typeof value === 'string') return isText ? redactor(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map((member) => redacted(member, redactor, isText));
    return members.every((member, index) => member === value[index]) ? value : members;
  }
  const entries = Object.entries(value);
  const changed = entries.map(([name, member]) => [name, redacted(member, redactor, TEXTS.has(name))] as const);
  return changed.every(([, member], index) => member === entries[index]?.[1]) ? value : Object.fromEntries(changed);
}
