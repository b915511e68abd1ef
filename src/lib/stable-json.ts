// Canonical JSON: the same value always gives the same text.

/**
 * JSON with object keys sorted by code unit and `undefined` members dropped.
 * Two values that mean the same thing give the same string, so strings and their hashes can be compared.
 */
export function stableJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

/** Whether two JSON values mean the same: key order and `undefined` members do not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  // Most comparisons find no difference, and must not allocate memory.
  return isAlike(a, b) || stableJson(a) === stableJson(b);
}

/** Never true for values that differ; false means that they may differ. */
function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || !haveSameShape(a, b)) return false;
  for (const key of Object.keys(a)) if (!isAlike(a[key], ownMember(b, key))) return false;
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key) && b[key] !== undefined) return false;
  return true;
}

type Members = Readonly<Record<string, unknown>>;

/** Both objects, or both lists of one length. */
function haveSameShape(a: Members, b: Members): boolean {
  return Array.isArray(a) === Array.isArray(b) && a['length'] === b['length'];
}

function ownMember(value: Members, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}
