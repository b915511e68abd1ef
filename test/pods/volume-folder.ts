// Where the data of a volume lie on this host.

import { join } from 'node:path';

import type { PodsWorld } from './world.ts';

/** The folder behind a PVC. Throws when the PVC has no volume. */
export function volumeFolder(world: PodsWorld, pvc: string): string {
  const volume = world.pvc(pvc)?.spec?.volumeName;
  if (volume === undefined) throw new Error(`the PVC ${pvc} has no volume`);
  return join(world.state.directory, 'volumes', volume);
}
