// Whether one JSON value holds all that another one says.

/**
 * Whether `value` has every member of `part` with the same value; further members of objects do not count. Lists must have
 * the same length.
 */
export function contains(value: unknown, part: unknown): boolean {
  if (!isObject(part)) return value === part;
  if (!isObject(value) || Array.isArray(value) !== Array.isArray(part)) return false;
  if (Array.isArray(part) && value['length'] !== part.length) return false;
  return Object.entries(part).every(([key, member]) => member === undefined || contains(own(value, key), member));
}

function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
