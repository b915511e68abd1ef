// Reads and walks JSON values of unknown shape.

import type { Path } from './json-pointer.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member by its own name; undefined for anything that is not an object. Never reads a prototype. */
export function member(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) current = member(current, part);
  return current;
}

/** A member when it is a text, else undefined. */
export function textAt(value: unknown, path: Path): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

/** The members of the object at a path that are texts: labels, annotations, the data of a ConfigMap. Empty when there is none. */
export function textsAt(value: unknown, path: Path): Record<string, string> {
  const found = valueAt(value, path);
  const entries = isObject(found) ? Object.entries(found) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The items of the list at a path; none when there is no list. */
export function listAt(value: unknown, path: Path): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}
