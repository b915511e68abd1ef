// Where a live object no longer says what we applied, although the server and others added fields to it.

import { sameQuantity } from '../lib/quantity.ts';

export interface Difference {
  /** `spec.ports[p2p].port` */
  readonly path: string;
  /** What the live object has there. */
  readonly live: unknown;
}

/**
 * Every field of `wanted` that does not stand in `live` with the same meaning. Fields that only `live` has are the
 * server's defaults or another owner's and do not count in objects; an item added to a list of ours does. Items with
 * names are compared by name. Equal quantities in other words ("1000m", "1") are the same; so are null and absent, and
 * an empty text and absent: the server leaves an empty text out.
 */
export function differences(live: unknown, wanted: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(wanted)) return listDifferences(live, wanted, path);
  if (typeof wanted === 'object' && wanted !== null) return objectDifferences(live, wanted, path);
  return sameScalar(live, wanted) ? [] : [{ path, live }];
}

function sameScalar(live: unknown, wanted: unknown): boolean {
  if (live === undefined || live === null) return wanted === undefined || wanted === null || wanted === '';
  if (typeof wanted === 'string' && typeof live === 'string') return wanted === live || sameQuantity(wanted, live);
  return wanted === live;
}

function listDifferences(live: unknown, wanted: readonly unknown[], path: string): readonly Difference[] {
  if (live === undefined || live === null) return wanted.length === 0 ? [] : [{ path, live }];
  if (!Array.isArray(live)) return [{ path, live }];
  const names = { live: namesOf(live), wanted: namesOf(wanted) };
  if (live.length === wanted.length && !isRenamed(names)) {
    return wanted.flatMap((item, index) =>
      differences(live[index], item, `${path}[${names.wanted?.[index] ?? index}]`),
    );
  }
  return membershipDifferences(live, names, path);
}

interface Names {
  readonly live: readonly string[] | undefined;
  readonly wanted: readonly string[] | undefined;
}

function isRenamed({ live, wanted }: Names): boolean {
  return live !== undefined && wanted !== undefined && live.join('\n') !== wanted.join('\n');
}

/** Which items were added or are gone; without names, or in another order, the list as a whole. */
function membershipDifferences(live: readonly unknown[], names: Names, path: string): readonly Difference[] {
  const { live: present, wanted: expected } = names;
  if (present === undefined || expected === undefined) return [{ path, live }];
  const added = present.filter((name) => !expected.includes(name));
  const gone = expected.filter((name) => !present.includes(name));
  if (added.length + gone.length === 0) return [{ path, live }];
  return [
    ...added.map((name) => ({ path: `${path}[${name}]`, live: live[present.indexOf(name)] })),
    ...gone.map((name) => ({ path: `${path}[${name}]`, live: undefined })),
  ];
}

/** The names of the items, when each has one of its own. */
export function namesOf(items: readonly unknown[]): readonly string[] | undefined {
  const names = items.map((item) => memberOf(item, 'name'));
  const texts = names.filter((name) => typeof name === 'string');
  return texts.length === items.length && new Set(texts).size === texts.length ? texts : undefined;
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}

function objectDifferences(live: unknown, wanted: object, path: string): readonly Difference[] {
  const entries = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null);
  if (typeof live !== 'object' || live === null) return entries.length === 0 ? [] : [{ path, live }];
  const members = new Map<string, unknown>(Object.entries(live));
  return entries.flatMap(([key, value]) => differences(members.get(key), value, path === '' ? key : `${path}.${key}`));
}

/**
 * `live` with every field of `wanted`: fields of others stay, lists of ours hold our items alone, and each of our items
 * keeps the fields that others gave it.
 */
export function overlay(live: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted)) return overlayList(Array.isArray(live) ? live : [], wanted);
  if (typeof wanted !== 'object' || wanted === null) return wanted ?? live;
  const members = typeof live === 'object' && live !== null && !Array.isArray(live) ? Object.entries(live) : [];
  const before = new Map<string, unknown>(members);
  return Object.fromEntries([
    ...before,
    ...Object.entries(wanted).map(([key, value]) => [key, overlay(before.get(key), value)] as const),
  ]);
}

function overlayList(live: readonly unknown[], wanted: readonly unknown[]): readonly unknown[] {
  const [present, expected] = [namesOf(live), namesOf(wanted)];
  if (present === undefined || expected === undefined) return wanted;
  return wanted.map((item, index) => overlay(live[present.indexOf(expected[index] ?? '')], item));
}
