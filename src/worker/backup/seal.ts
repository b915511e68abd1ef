// Seal: writes the manifest of what a tool has put into a directory, and changes nothing else there.

import type { SealParameters } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { copyResult, type CopyResult } from './copy-result.ts';
import { copyTree } from './copy-tree.ts';
import { Dir } from '../files/dir.ts';
import { flushToDisk } from '../files/disk.ts';
import { FilePool } from '../files/file-pool.ts';
import { MANIFEST_FORMAT, MANIFEST_NAME } from '../manifest/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { Notes } from '../notes.ts';
import { startProgress } from '../progress.ts';
import { removeTree } from '../files/tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

const PARTIAL = `${MANIFEST_NAME}.partial`;

/** The manifest gets its name when all its files are on the disk. Can be repeated: an older manifest is replaced. */
export async function seal(params: Omit<SealParameters, 'verb'>, context: TaskContext): Promise<CopyResult> {
  const root = Dir.openRoot(params.at);
  try {
    await removeTree(root, PARTIAL);
    const result = await describe(root, params, context);
    if (result.files > 0 && result.bytes === 0)
      throw new TaskError('EmptyBackup', `every file in ${params.at} is empty; see the output of the program before`);
    if (result.files === 0)
      throw new TaskError('SourceMissing', `the program before has left no file in ${params.at}; see its output`);
    await flushToDisk(root, params.at);
    context.onStep?.('flushed');
    root.rename(PARTIAL, root, MANIFEST_NAME);
    root.sync();
    return result;
  } catch (error) {
    throw toTaskError(error, 'sealing');
  } finally {
    root.closeAll();
  }
}

async function describe(root: Dir, params: Omit<SealParameters, 'verb'>, context: TaskContext): Promise<CopyResult> {
  const { volume, origin } = params;
  const writer = new ManifestWriter(root, PARTIAL, {
    format: MANIFEST_FORMAT,
    layout: 'sealed',
    origin,
    createdAt: new Date().toISOString(),
    volumes: [volume],
    ownersKept: true,
  });
  const pool = new FilePool(context.signal);
  const progress = startProgress(context, { label: 'read', count: () => pool.counts() });
  const [skipped, changed] = [new Notes(), new Notes()];
  try {
    const leaveOut = (path: string): boolean => path === MANIFEST_NAME || path === PARTIAL;
    await copyTree({ volume, root, pool, writer, skipped, changed, context, leaveOut });
    await pool.finish();
    if (changed.count > 0)
      throw new TaskError('SourceChanged', `${params.at} changed while it was read; does the program still run?`);
    const foot = { ...skipped.as('skipped', 'skippedCount'), ...changed.as('changedWhileCopying', 'changedCount') };
    const { sha256, totals } = writer.finish(foot);
    return copyResult({ ...foot, totals }, sha256);
  } finally {
    progress.stop();
    writer.close();
    await pool.close();
  }
}
