// The difference between two JSON values.

import type { PatchOperation } from '../lib/json-patch.ts';
import { toDotted, toPointer, type Path } from '../lib/json-pointer.ts';
import { isObject } from '../lib/json-value.ts';
import type { Change } from './action.ts';

/** `from` or `to` is undefined where the field is absent. */
export interface Difference {
  readonly path: Path;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * The smallest differences, in the order of their paths. Members that are undefined count as absent. Lists of equal
 * length are compared item by item, others as one value: an inserted item is one change, not ten.
 */
export function diff(from: unknown, to: unknown, path: Path = []): readonly Difference[] {
  if (isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) => diff(own(from, key), own(to, key), [...path, key]));
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((item: unknown, index) => diff(item, to[index], [...path, index]));
  return isSame(from, to) ? [] : [{ path, from, to }];
}

/** The differences as the plan shows them. `base` is the path of the compared values in their object. */
export function toChanges(differences: readonly Difference[], base: Path): readonly Change[] {
  return differences.map(({ path, from, to }) => ({ path: toDotted([...base, ...path]), from, to }));
}

/** The RFC 6902 patch that makes `from` equal to `to`. */
export function toPatch(differences: readonly Difference[]): readonly PatchOperation[] {
  return differences.map(({ path: parts, from, to }): PatchOperation => {
    const path = toPointer(parts);
    if (to === undefined) return { op: 'remove', path };
    return { op: from === undefined ? 'add' : 'replace', path, value: to };
  });
}

function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isSame(from: unknown, to: unknown): boolean {
  return from === to || (Array.isArray(from) && Array.isArray(to) && from.length === 0 && to.length === 0);
}
