// The manifest inside a snapshot, written to a folder.

import { closeSync, constants, openSync, writeSync } from 'node:fs';

import type { Dir } from '../files/dir.ts';
import { removeTree } from '../files/tree.ts';
import { MANIFEST_NAME } from '../manifest/manifest.ts';
import type { Snapshot } from './repository.ts';
import { runEngine, type Engine } from './run-engine.ts';

/** Where the snapshot has the manifest; undefined for a snapshot of another program. */
export function manifestPathIn({ paths }: Snapshot): string | undefined {
  return paths.find((path) => path.endsWith(`/${MANIFEST_NAME}`));
}

/** Replaces the manifest in `folder`. False when the snapshot has none. */
export async function manifestOf(engine: Engine, snapshot: Snapshot, folder: Dir): Promise<boolean> {
  const path = manifestPathIn(snapshot);
  if (path === undefined) return false;
  await removeTree(folder, MANIFEST_NAME);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(folder.at(MANIFEST_NAME), flags, 0o644);
  try {
    await runEngine(engine, {
      args: ['dump', snapshot.id, path],
      into: (bytes) => {
        for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      },
    });
    return true;
  } finally {
    closeSync(fd);
  }
}
