// Builds the new data in the restore directory of each volume, checking every file while it is copied.

import { FilePool } from './file-pool.ts';
import { carryKept, carrySignerState, keeps, type SignerChoice } from './keep.ts';
import { nameOfText } from './names.ts';
import { Notes } from './notes.ts';
import { startProgress } from './progress.ts';
import { replay, type ReplayTarget } from './replay.ts';
import type { Prepare } from './restore-target.ts';
import { NEW } from './restore-swap.ts';
import { bytesAndFiles, contentDiffers } from './verify.ts';
import { WorkError } from './work-error.ts';

/** Throws when one entry of the backup is not what its manifest says. Extra files are not taken over. */
export async function stage({ params, context, backup, targets, foot, sha256 }: Prepare): Promise<SignerChoice[]> {
  const into = new Map<string, ReplayTarget>();
  for (const { volume, work } of targets) {
    const dir = work?.make(NEW);
    if (dir !== undefined) into.set(volume.name, { dir, skip: keeps(volume.keep) });
  }
  const pool = new FilePool(context.signal, params.threads);
  const progress = startProgress(context, 'staged', () => pool.counts(), bytesAndFiles(foot));
  try {
    const replayed = await replay({
      backup,
      pool,
      context,
      targets: into,
      ...(params.owner === undefined ? {} : { owner: params.owner }),
      onBad: (volume, path, why) => {
        const bad = new Notes();
        bad.add({ volume, path, why });
        throw contentDiffers(bad);
      },
      onExtra: (volume, path) => context.say(`not in the manifest, not restored: ${nameOfText(volume)}/${path}`),
    });
    if (replayed.sha256 !== sha256)
      throw new WorkError('manifest-changed', 'the manifest changed while the backup was staged');
  } finally {
    progress.stop();
    await pool.close();
  }
  return targets.flatMap(({ volume, root }) => {
    const staged = into.get(volume.name)?.dir;
    if (staged === undefined) return [];
    carryKept(volume, root, staged);
    return carrySignerState(volume, root, staged);
  });
}
