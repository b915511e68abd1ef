// Describe: the manifest of volumes that stay where they are, in a folder beside them.

import type { BackupParameters, DescribeParameters } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { FilePool } from '../files/file-pool.ts';
import { removeTree } from '../files/tree.ts';
import { MANIFEST_NAME, type ManifestFoot } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { Notes } from '../notes.ts';
import { startProgress } from '../progress.ts';
import { toTaskError } from '../task-error.ts';
import { copyResult, type CopyResult } from './copy-result.ts';
import { copyTree } from './copy-tree.ts';
import { headOf, openSources, sourceChanged } from './sources.ts';

/** The result has the digest of the content, which mounting the same data elsewhere does not change. */
export async function describe(params: Omit<DescribeParameters, 'verb'>, context: TaskContext): Promise<CopyResult> {
  const folder = Dir.openRoot(params.at);
  const roots: Dir[] = [];
  try {
    await openSources(params, { context, roots });
    const { foot, contentSha256 } = await describeVolumes(params, { context, folder, roots });
    return copyResult(foot, contentSha256);
  } catch (error) {
    throw toTaskError(error, 'reading the volumes');
  } finally {
    for (const root of roots) root.closeAll();
    folder.closeAll();
  }
}

interface Opened {
  readonly context: TaskContext;
  /** Gets the manifest. */
  readonly folder: Dir;
  readonly roots: readonly Dir[];
}

interface Described {
  readonly sha256: string;
  readonly contentSha256: string;
  readonly foot: ManifestFoot;
}

/** Reads every file for its checksum. Throws SourceChanged. */
export async function describeVolumes(
  params: Pick<BackupParameters, 'origin' | 'volumes'>,
  { context, folder, roots }: Opened,
): Promise<Described> {
  await removeTree(folder, MANIFEST_NAME);
  const writer = new ManifestWriter(folder, MANIFEST_NAME, headOf(params));
  const pool = new FilePool(context.signal);
  const progress = startProgress(context, { label: 'read', count: () => pool.counts() });
  const [skipped, changed] = [new Notes(), new Notes()];
  try {
    for (const [index, { name }] of params.volumes.entries()) {
      const root = roots[index];
      if (root !== undefined) await copyTree({ volume: name, root, pool, writer, skipped, changed, context });
    }
    await pool.finish();
    if (changed.count > 0) throw sourceChanged(changed);
    const foot = { ...skipped.as('skipped', 'skippedCount'), ...changed.as('changedWhileCopying', 'changedCount') };
    const { totals, ...digests } = writer.finish(foot);
    return { ...digests, foot: { ...foot, totals } };
  } finally {
    progress.stop();
    writer.close();
    await pool.close();
  }
}
