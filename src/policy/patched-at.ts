// Which patch of a node wrote a place of a rendered object: a problem is shown where it can be corrected.

import { type Path, toPointer } from '../lib/json-pointer.ts';
import type { Breach, NodeCase } from './rule.ts';

/** The operation of a patch that wrote the value at a path of an object, as a path of the node's spec. */
export function patchedAt({ node }: NodeCase, { object, path }: Breach): Path | undefined {
  if (object === undefined) return undefined;
  const pointer = toPointer(path);
  for (const [index, { target, patch }] of [...(node.spec.patches ?? []).entries()].toReversed()) {
    if (target.kind !== object.kind || (target.name !== undefined && target.name !== object.metadata.name)) continue;
    const found = patch.findLastIndex(({ op, path: changed }) => op !== 'test' && isAround(changed, pointer));
    if (found !== -1) return ['spec', 'patches', index, 'patch', found, 'path'];
  }
  return undefined;
}

/** The same place, one around it, or one below it: what is missing above is written below. */
function isAround(changed: string, pointer: string): boolean {
  const place = changed.endsWith('/-') ? changed.slice(0, -2) : changed;
  return place === pointer || pointer.startsWith(`${place}/`) || place.startsWith(`${pointer}/`);
}
