// The files that made a node: their rights count together, so that a patch never has the rights of another file's folder.

import { FLEET_FILE } from '../api/fleet.ts';
import { toPointer, type Path } from '../lib/json-pointer.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';
import { matchesAny } from '../policy/patterns.ts';
import type { FleetPatch } from './patches.ts';

/**
 * Places of the spec that decide nothing the policy judges: a shared file that sets only these, as a patch that raises a
 * version does, is no contributor. What is not listed counts.
 */
const NOT_JUDGED = [
  '/clients/*/version',
  '/deletionPolicy',
  '/desiredState',
  '/executor',
  '/network',
  '/protect',
  '/resources/*/limits/cpu',
  '/resources/*/limits/memory',
  '/resources/*/requests/cpu',
  '/resources/*/requests/memory',
  '/restartGeneration',
  '/storage/*/size',
  '/suspend',
  '/terminationGracePeriodSeconds',
];

interface Sources {
  readonly file: string;
  /** The spec in the file, and with the defaults of the Fleet. */
  readonly own: JsonObject;
  readonly merged: JsonObject;
  /** Those that match. */
  readonly patches: readonly FleetPatch[];
}

/** The node's own file, then the others, each once. */
export function contributorsOf({ file, own, merged, patches }: Sources): readonly string[] {
  const defaults = added(own, merged, []).some(isJudged) ? [FLEET_FILE] : [];
  const patching = patches.filter((patch) => placesOf(patch).some(isJudged)).map((patch) => patch.file);
  return [...new Set([file, ...defaults, ...patching])];
}

function isJudged(pointer: string): boolean {
  return !matchesAny(NOT_JUDGED, pointer);
}

/** What the operations write. What `copy` reads is of the same node. */
function placesOf({ operations }: FleetPatch): readonly string[] {
  return operations.flatMap((operation) => {
    if (operation.op === 'test') return [];
    return operation.op === 'move' ? [operation.path, operation.from] : [operation.path];
  });
}

/** The places, down to lists and single values, that only the defaults set. */
function added(own: unknown, merged: unknown, path: Path): readonly string[] {
  if (!isObject(merged)) return own === undefined ? [toPointer(path)] : [];
  if (own !== undefined && !isObject(own)) return [];
  const members = Object.keys(merged);
  if (members.length === 0) return own === undefined ? [toPointer(path)] : [];
  return members.flatMap((name) =>
    added(own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined, merged[name], [...path, name]),
  );
}
