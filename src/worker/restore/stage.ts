// Builds the new data in the restore directory of each volume, checking every file while it is copied.

import type { RestoreParameters } from '../../api/worker-task.ts';
import type { Dir } from '../files/dir.ts';
import { FilePool } from '../files/file-pool.ts';
import { carryKept, carrySignerState, keeps, type SignerChoice } from './keep.ts';
import { nameOfText } from '../files/names.ts';
import { Notes } from '../notes.ts';
import { startProgress } from '../progress.ts';
import { replay, type ReplayTarget } from './replay.ts';
import type { Prepare, RestoreVolume } from './target.ts';
import { NEW } from './swap.ts';
import { bytesAndFiles, contentDiffers } from './verify.ts';
import { TaskError } from '../task-error.ts';

/** Throws when one entry of the backup is not what its manifest says. Extra files are not taken over. */
export async function stage(job: Prepare): Promise<SignerChoice[]> {
  const { params, targets, fill = copyFiles } = job;
  const into = new Map<string, ReplayTarget>();
  for (const { volume, work } of targets) {
    const dir = work?.make(NEW);
    if (dir !== undefined) into.set(volume.name, { dir, skip: keeps(volume.keep) });
  }
  await fill(job, into);
  return targets.flatMap(({ volume, root }) => {
    const staged = into.get(volume.name)?.dir;
    if (staged === undefined) return [];
    const own = params.scope === 'volume' ? volume : replacedOnly(volume, staged);
    carryKept(own, root, staged);
    return carrySignerState(own, root, staged);
  });
}

async function copyFiles(
  { params, context, backup, foot, sha256 }: Prepare,
  into: ReadonlyMap<string, ReplayTarget>,
): Promise<void> {
  const pool = new FilePool(context.signal);
  const progress = startProgress(context, { label: 'staged', count: () => pool.counts(), total: bytesAndFiles(foot) });
  try {
    const replayed = await replay({
      backup,
      pool,
      context,
      targets: into,
      ...ownerOf(params),
      onBad: (volume, path, why) => {
        const bad = new Notes();
        bad.add({ volume, path, why });
        throw contentDiffers(bad);
      },
      onExtra: (volume, path) => context.say(`not in the manifest, not restored: ${nameOfText(volume)}/${path}`),
    });
    if (replayed.sha256 !== sha256)
      throw new TaskError('ManifestMismatch', 'the manifest changed while the backup was staged');
  } finally {
    progress.stop();
    await pool.close();
  }
}

/** Where only some entries are replaced, the node's own files in the others stay where they are. */
function replacedOnly(volume: RestoreVolume, staged: Dir): RestoreVolume {
  const isReplaced = (path: string): boolean => staged.has(nameOfText(path.split('/')[0] ?? path));
  return { ...volume, keep: volume.keep.filter(isReplaced), signerState: volume.signerState.filter(isReplaced) };
}

function ownerOf({ uid, gid }: RestoreParameters): { readonly owner?: { readonly uid: number; readonly gid: number } } {
  return uid === undefined || gid === undefined ? {} : { owner: { uid, gid } };
}
