// Restore: stages a backup beside the data, checks it on the way, then exchanges both by renaming.

import type { RestoreParameters } from '../../api/worker-task.ts';
import { describeError } from '../../lib/errors.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { flushToDisk, requireSpace } from '../files/disk.ts';
import type { SignerChoice } from './keep.ts';
import type { ManifestFoot } from '../manifest/manifest.ts';
import { isMidway, readJournal } from './journal.ts';
import { stage } from './stage.ts';
import { swapBack, swapIn } from './swap.ts';
import { beginAfresh, openTarget, refuseMounts, removeWork, volumesOf, writePlan } from './target.ts';
import type { Prepare, RestoreVolume, Target } from './target.ts';
import { isHalfDone, undoHalfDone } from './undo.ts';
import { bytesAndFiles, readExpected } from './verify.ts';
import { throwIfStopped, toTaskError, TaskError } from '../task-error.ts';

export interface RestoreResult {
  readonly ok: true;
  readonly manifestSha256: string;
  readonly height?: number;
  readonly bytes: number;
  readonly files: number;
  readonly signerState: readonly SignerChoice[];
  /** Why the old data is still on the volume, if it is. */
  readonly remains?: string;
  /** An earlier run had staged everything; this one only exchanged. */
  readonly resumed: boolean;
}

/**
 * Nothing of the old data is touched before all of the new lies checked on the same volumes. A failure says by `swapped`
 * whether the data may be neither the old nor the new.
 */
export async function restore(
  params: Omit<RestoreParameters, 'verb'>,
  context: TaskContext,
  fill?: Prepare['fill'],
): Promise<RestoreResult> {
  try {
    return await replace({ ...params, verb: 'restore' }, context, fill);
  } catch (error) {
    const { code, message } = toTaskError(error, 'restore');
    throw new TaskError(code, message, { cause: error, swapped: isHalfDone(params.volumes) });
  }
}

async function replace(params: RestoreParameters, context: TaskContext, fill: Prepare['fill']): Promise<RestoreResult> {
  const backup = Dir.openRoot(params.from);
  const targets: Target[] = [];
  try {
    const { head, foot, sha256 } = readExpected(backup, params.expect);
    requireSameVolumes(params, foot);
    for (const volume of volumesOf(params)) targets.push(openTarget(volume, params.id));
    undoHalfDone(targets, params.id, context);
    const resumed = targets.some(({ journal }) => isMidway(journal) || journal?.phase === 'swapped');
    const signerState = resumed ? [] : await prepare({ params, context, backup, targets, foot, sha256, fill });
    await exchange({ targets, context, sha256, id: params.id });
    const remains = await removeOld(targets, params.id);
    return {
      ok: true,
      manifestSha256: sha256,
      ...(head.origin.height === undefined ? {} : { height: head.origin.height }),
      ...bytesAndFiles(foot),
      signerState,
      ...(remains === undefined ? {} : { remains }),
      resumed,
    };
  } finally {
    backup.closeAll();
    for (const { root } of targets) root.closeAll();
  }
}

/** The new data is in place, even if deleting the old data fails. */
async function removeOld(targets: readonly Target[], id: string): Promise<string | undefined> {
  try {
    for (const target of targets) await removeWork(target, id);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** A part of a node at another height than the rest is worse than no restore. */
function requireSameVolumes(params: RestoreParameters, foot: ManifestFoot): void {
  const wanted = params.volumes.map(({ name }) => name);
  const missing = wanted.find((name) => foot.totals[name] === undefined);
  if (missing !== undefined) throw new TaskError('VolumeMissing', `the backup has no volume "${missing}"`);
  const left = Object.keys(foot.totals).find((name) => !wanted.includes(name));
  if (left !== undefined)
    throw new TaskError('VolumeMissing', `the backup's volume "${left}" has no target; restore all volumes together`);
}

async function prepare(job: Prepare): Promise<SignerChoice[]> {
  const { params, context, targets, foot } = job;
  const { bytes, files } = bytesAndFiles(foot);
  if (files === 0 || bytes === 0)
    throw new TaskError('EmptyBackup', 'the backup holds no file with content; restore another one');
  for (const target of targets) {
    await beginAfresh(target, params.id);
    refuseMounts(target);
  }
  try {
    requireSpace(targets.map(({ root, volume: { name } }) => ({ dir: root, name, totals: totalsOf(foot, name) })));
    const signerState = await stage(job);
    for (const { volume } of targets) await flushVolume(job, volume);
    throwIfStopped(context.signal);
    for (const target of targets) writePlan(target, job);
    return signerState;
  } catch (error) {
    const trouble = toTaskError(error, 'staging the backup');
    // The data is as it was. A stopped run has no time to tidy up; the next one does it.
    if (trouble.code !== 'Interrupted') for (const target of targets) await removeWork(target, params.id);
    throw trouble;
  }
}

function totalsOf(foot: ManifestFoot, name: string): ManifestFoot['totals'][string] {
  const totals = foot.totals[name];
  if (totals === undefined) throw new TaskError('VolumeMissing', `the backup has no volume "${name}"`);
  return totals;
}

async function flushVolume({ context, targets }: Prepare, volume: RestoreVolume): Promise<void> {
  context.say(`${volume.name}: all files are staged; waiting for the disk`);
  const target = targets.find((one) => one.volume === volume);
  if (target !== undefined) await flushToDisk(target.work ?? target.root, volume.to);
}

interface Exchange {
  readonly targets: readonly Target[];
  readonly context: TaskContext;
  readonly sha256: string;
  readonly id: string;
}

/** From here on signals wait: it is a handful of renames. When one fails, all volumes go back to the old data. */
async function exchange({ targets, context, sha256, id }: Exchange): Promise<void> {
  const under = targets.filter(({ journal }) => journal !== undefined);
  // Removing begins when all volumes are exchanged; one without a journal was tidied up before the kill.
  if (under.every(({ journal }) => journal?.phase === 'swapped')) return;
  const swaps = targets.map((target) => {
    const { root, work, journal } = target;
    if (work === undefined || journal === undefined || journal.phase === 'rolled-back')
      throw new TaskError(
        'RestoreUnfinished',
        `the volume "${target.volume.name}" was not staged with the others; request another Restore, which undoes this one first`,
      );
    if (journal.manifestSha256 !== sha256)
      throw new TaskError(
        'ManifestMismatch',
        'the manifest is not the one that was staged; request another Restore, which undoes this one first',
      );
    return { target, swap: { root, work, journal, context } };
  });
  try {
    for (const { target, swap } of swaps) target.journal = swapIn(swap);
  } catch (error) {
    for (const { target, swap } of swaps) {
      const journal = swap.work === undefined ? undefined : readJournal(swap.work);
      if (journal !== undefined) target.journal = swapBack({ ...swap, journal });
    }
    for (const { target } of swaps) await removeWork(target, id);
    throw error;
  }
}
