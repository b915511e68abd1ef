// Reads JSON files as the clients do that find their keys in them.

import { isObject } from '../lib/json-value.ts';

/** The object in a file; undefined when the file is not one. */
export function objectIn(text: string): unknown {
  if (!/^[ \t\r\n]*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The members that a client may take for the one of that name. Go's encoding/json compares the names of members without
 * case and takes the last one: where there are several the client, and its version, decide.
 */
export function membersNamed(value: unknown, name: string): readonly unknown[] {
  const entries = isObject(value) ? Object.entries(value) : [];
  return entries.filter(([each]) => foldCase(each) === name).map(([, content]) => content);
}

/** First upper case: the long s and the Kelvin sign are letters of ASCII then, as for Go. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}
