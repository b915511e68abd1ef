// Backup: copies volumes into one directory with a manifest; whole or not at all.

import { basename, dirname } from 'node:path';

import type { BackupParameters } from '../../api/worker-task.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { TaskContext } from '../context.ts';
import { copyTree } from './copy-tree.ts';
import { copyResult, type CopyResult } from './copy-result.ts';
import { headOf, openSources, sourceChanged } from './sources.ts';
import { Dir } from '../files/dir.ts';
import { flushToDisk, requireSpace } from '../files/disk.ts';
import { FilePool } from '../files/file-pool.ts';
import { MANIFEST_NAME, VOLUMES_NAME, type ManifestHead } from '../manifest/manifest.ts';
import { type VolumeTotals } from '../files/totals.ts';
import { readManifest } from '../manifest/manifest-reader.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import { nameOfText, showName } from '../files/names.ts';
import { Notes } from '../notes.ts';
import { startProgress } from '../progress.ts';
import { removeTree } from '../files/tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

/**
 * Copies into `<to>.partial` and renames at the end, so that a killed run leaves nothing that looks whole; a
 * second run starts again, or reports the result of the first one when that had finished.
 */
export async function copy(params: Omit<BackupParameters, 'verb'>, context: TaskContext): Promise<CopyResult> {
  const parent = Dir.openRoot(dirname(params.to));
  const name = nameOfText(basename(params.to));
  try {
    const head = headOf(params);
    if (parent.has(name)) return finishedBefore(parent.open(name), head, params.to);
    return await copyAll({ params, context, parent, name, head });
  } finally {
    parent.closeAll();
  }
}

interface Copy {
  readonly params: Omit<BackupParameters, 'verb'>;
  readonly context: TaskContext;
  readonly parent: Dir;
  readonly name: string;
  readonly head: ManifestHead;
}

async function copyAll(copy: Copy): Promise<CopyResult> {
  const { params, parent, context } = copy;
  const partialName = `${copy.name}.partial`;
  const roots: Dir[] = [];
  try {
    await removeTree(parent, partialName);
    const around = params.volumes.find(({ from }) => params.to.startsWith(`${from}/`));
    if (around !== undefined)
      throw new TaskError('UnsafePath', `${params.to} lies inside ${around.from}, which it would copy`);
    const total = await openSources(params, { context, roots });
    requireSpace([{ dir: parent, name: 'the backup', totals: total }]);
    return await fill({ ...copy, roots, total, partial: parent.make(partialName) });
  } catch (error) {
    const trouble = toTaskError(error, 'backup');
    // A stopped run has no time to tidy up; the next one does it.
    if (trouble.code !== 'Interrupted') await removeTree(parent, partialName);
    throw trouble;
  } finally {
    for (const root of roots) root.closeAll();
  }
}

interface Fill extends Copy {
  readonly roots: readonly Dir[];
  readonly total: VolumeTotals;
  readonly partial: Dir;
}

async function fill(copy: Fill): Promise<CopyResult> {
  const { params, context, partial } = copy;
  const writer = new ManifestWriter(partial, MANIFEST_NAME, copy.head);
  const pool = new FilePool(context.signal);
  const progress = startProgress(context, { label: 'copied', count: () => pool.counts(), total: copy.total });
  const skipped = new Notes();
  const changed = new Notes();
  try {
    const volumes = partial.make(VOLUMES_NAME);
    for (const [index, source] of params.volumes.entries()) {
      const root = copy.roots[index];
      if (root === undefined) continue;
      const target = volumes.make(nameOfText(source.name));
      await copyTree({ volume: source.name, root, target, pool, writer, skipped, changed, context });
    }
    await pool.finish();
    if (changed.count > 0 && !params.origin.live) throw sourceChanged(changed);
    const foot = { ...skipped.as('skipped', 'skippedCount'), ...changed.as('changedWhileCopying', 'changedCount') };
    const { sha256, totals } = writer.finish(foot);
    context.onStep?.('manifest');
    await finish(copy);
    return copyResult({ ...foot, totals }, sha256);
  } finally {
    progress.stop();
    writer.close();
    await pool.close();
  }
}

async function finish({ params, context, parent, partial, name }: Fill): Promise<void> {
  context.say('all files are copied; waiting for the disk');
  partial.chmod(0o755);
  await flushToDisk(partial, `${params.to}.partial`);
  context.onStep?.('flushed');
  parent.rename(`${name}.partial`, parent, name);
  parent.sync();
  context.onStep?.('renamed');
}

/** A name that is taken by this very request means that it had finished; by anything else, that it must be another name. */
function finishedBefore(backup: Dir, head: ManifestHead, destination: string): CopyResult {
  let found: ManifestHead | undefined;
  for (const part of readManifest(backup)) {
    if (part.part === 'head') found = part.head;
    if (found === undefined || found.origin.uid !== head.origin.uid) break;
    if (part.part === 'foot' && sameJson(found.volumes, head.volumes))
      return { ...copyResult(part.foot, part.sha256), alreadyDone: true };
  }
  throw new TaskError('NameTaken', `${showName(nameOfText(destination))} holds another backup; use an empty volume`);
}
