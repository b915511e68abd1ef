// Which program changed a field of an object, as the API server recorded it.

import type { ManagedFields } from '../../../api/objects.ts';

/** The manager that set one of the fields, else the last other one that wrote; undefined when no other wrote. */
export function changedBy(
  managers: readonly ManagedFields[],
  paths: readonly string[],
  ours: string,
): string | undefined {
  const others = managers.filter(({ manager, subresource }) => manager !== ours && subresource === undefined);
  const owner = others.find(({ fieldsV1 }) => paths.some((path) => holds(fieldsV1, path)));
  if (owner !== undefined) return owner.manager;
  // A field that was removed has no owner any more.
  return others.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0]?.manager;
}

/** `fieldsV1` names members `f:<name>`, and items of lists `k:{"name":"…"}`. */
function holds(fields: unknown, path: string): boolean {
  const steps = [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)];
  let at: unknown = fields;
  for (const [, item, member] of steps) {
    const found = membersOf(at).find(([key]) =>
      member === undefined ? key.startsWith('k:') && key.includes(JSON.stringify(item)) : key === `f:${member}`,
    );
    if (found === undefined) return item !== undefined && membersOf(at).length > 0 && isAtomic(at);
    at = found[1];
  }
  return true;
}

/** A list that is owned as a whole has no items of its own. */
function isAtomic(at: unknown): boolean {
  return membersOf(at).every(([key]) => !key.startsWith('k:'));
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
