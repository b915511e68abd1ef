// Whether a live object still has the applied fields, although the API server added defaults to it.

import { sameQuantity } from '../lib/quantity.ts';

/**
 * True when `live` has every field of `desired` with the same meaning. Fields that only `live` has are defaults of the
 * API server or belong to another owner and do not count in objects; lists must have the same length, because an added
 * element is a change. Equal quantities ("1000m", "1") are the same; null and absent are the same.
 */
export function covers(live: unknown, desired: unknown): boolean {
  if (desired === undefined || desired === null) return live === undefined || live === null;
  if (Array.isArray(desired)) return coversList(live, desired);
  if (typeof desired === 'object') return coversObject(live, desired);
  if (typeof desired === 'string' && typeof live === 'string') return desired === live || sameQuantity(desired, live);
  return desired === live;
}

function coversList(live: unknown, desired: readonly unknown[]): boolean {
  if (live === undefined || live === null) return desired.length === 0;
  return (
    Array.isArray(live) && live.length === desired.length && desired.every((item, index) => covers(live[index], item))
  );
}

function coversObject(live: unknown, desired: object): boolean {
  const entries = Object.entries(desired).filter(([, value]) => value !== undefined && value !== null);
  if (typeof live !== 'object' || live === null) return entries.length === 0;
  const members = new Map<string, unknown>(Object.entries(live));
  return entries.every(([key, value]) => covers(members.get(key), value));
}
