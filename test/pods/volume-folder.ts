// Where the data of a volume lie on this machine.

import { join } from 'node:path';

import type { PodsWorld } from './world.ts';

/** The folder behind a claim. Throws when the claim has no volume. */
export function volumeFolder(world: PodsWorld, claim: string): string {
  const volume = world.claim(claim)?.spec?.volumeName;
  if (volume === undefined) throw new Error(`the claim ${claim} has no volume`);
  return join(world.state.directory, 'volumes', volume);
}
