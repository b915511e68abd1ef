// Whether a live object still says what we applied, although the server added defaults to it.

import { sameQuantity } from '../lib/quantity.ts';

/**
 * True when every field of `wanted` stands in `live` with the same meaning. Fields that only `live` has are the
 * server's defaults or another owner's and do not count in objects; lists must have the same length, because an added
 * element is a change. Equal quantities in other words ("1000m", "1") are the same; null and absent are the same.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return live === undefined || live === null;
  if (Array.isArray(wanted)) return coversList(live, wanted);
  if (typeof wanted === 'object') return coversObject(live, wanted);
  if (typeof wanted === 'string' && typeof live === 'string') return wanted === live || sameQuantity(wanted, live);
  return wanted === live;
}

function coversList(live: unknown, wanted: readonly unknown[]): boolean {
  if (live === undefined || live === null) return wanted.length === 0;
  return (
    Array.isArray(live) && live.length === wanted.length && wanted.every((item, index) => covers(live[index], item))
  );
}

function coversObject(live: unknown, wanted: object): boolean {
  const entries = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null);
  if (typeof live !== 'object' || live === null) return entries.length === 0;
  const members = new Map<string, unknown>(Object.entries(live));
  return entries.every(([key, value]) => covers(members.get(key), value));
}
