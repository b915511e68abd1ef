// The file that a field of a complete spec came from, so that a problem is shown where it can be corrected.

import { FLEET_FILE } from '../api/fleet.ts';
import { toPointer, type Path } from '../lib/json-pointer.ts';
import type { FleetPatch } from './patches.ts';
import type { Places, Position } from './text/places.ts';

export interface Layers {
  /** The node's own document. */
  readonly file: string;
  /** The files whose rights count together: its own first (contributors.ts). */
  readonly contributors: readonly string[];
  readonly places: Places;
  /** Patches that were applied, in order. */
  readonly patches: readonly FleetPatch[];
  readonly fleetPlaces: Places | undefined;
  readonly chain: string;
}

export interface Location extends Position {
  readonly file: string;
  /** Whether it is in the node's own document. */
  readonly own: boolean;
}

/** Where the value at `path` (from the object's root) was written last; for a missing one, where its parent was. */
export function locate(layers: Layers, path: Path, part: 'key' | 'value'): Location {
  const found = inPatches(layers, path) ?? inOwn(layers, path, part) ?? inFleet(layers, path, part);
  if (found !== undefined) return found;
  if (path.length <= 1) return { file: layers.file, own: true, ...layers.places.of(path, 'key') };
  return locate(layers, path.slice(0, -1), 'key');
}

function inPatches({ patches }: Layers, path: Path): Location | undefined {
  if (path[0] !== 'spec') return undefined;
  const pointer = toPointer(path.slice(1));
  for (const patch of patches.toReversed()) {
    const index = patch.operations.findLastIndex((operation) => reaches(operation.path, pointer));
    if (index === -1) continue;
    const place = ['spec', 'patch', index, 'path'];
    return { file: patch.file, own: false, ...patch.places.of(place) };
  }
  return undefined;
}

/** Whether a change at `changed` wrote the value at `pointer`: it is the same place, or one around it. */
function reaches(changed: string, pointer: string): boolean {
  const place = changed.endsWith('/-') ? changed.slice(0, -2) : changed;
  return place === pointer || pointer.startsWith(`${place}/`);
}

function inOwn({ places, file }: Layers, path: Path, part: 'key' | 'value'): Location | undefined {
  return places.has(path) ? { file, own: true, ...places.of(path, part) } : undefined;
}

function inFleet({ fleetPlaces, chain }: Layers, path: Path, part: 'key' | 'value'): Location | undefined {
  if (fleetPlaces === undefined || path[0] !== 'spec' || path.length < 2) return undefined;
  for (const base of [['chains', chain], ['all']]) {
    const place = ['spec', 'defaults', ...base, ...path.slice(1)];
    if (fleetPlaces.has(place)) return { file: FLEET_FILE, own: false, ...fleetPlaces.of(place, part) };
  }
  return undefined;
}
