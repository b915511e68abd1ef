// Restore: stages a backup beside the data, checks it on the way, then exchanges both by renaming.

import type { WorkContext } from './context.ts';
import { Dir } from './dir.ts';
import { flushToDisk, requireSpace } from './disk.ts';
import type { SignerChoice } from './keep.ts';
import type { ManifestFoot } from './manifest.ts';
import type { RestoreParams, RestoreVolume } from './params.ts';
import { isMidway, readJournal } from './restore-journal.ts';
import { stage } from './restore-stage.ts';
import { swapBack, swapIn } from './restore-swap.ts';
import { openTarget, refuseMounts, removeStale, removeWork, writePlan } from './restore-target.ts';
import type { Prepare, Target } from './restore-target.ts';
import { bytesAndFiles, readExpected } from './verify.ts';
import { throwIfStopped, toWorkError, WorkError } from './work-error.ts';

export interface RestoreResult {
  readonly ok: true;
  readonly manifestSha256: string;
  readonly height?: number;
  readonly bytes: number;
  readonly files: number;
  readonly ownersKept: boolean;
  readonly signerState: readonly SignerChoice[];
  /** The data as it was is still on the volume, for `rollback`. */
  readonly oldKept: boolean;
  /** An earlier run had staged everything; this one only exchanged. */
  readonly resumed: boolean;
}

/** Nothing of the old data is touched before all of the new lies checked on the same volumes. */
export async function restore(params: RestoreParams, context: WorkContext): Promise<RestoreResult> {
  const backup = Dir.openRoot(params.backup);
  const targets: Target[] = [];
  try {
    const { head, foot, sha256 } = readExpected(backup, params.expect);
    requireSameVolumes(params, foot);
    for (const volume of params.volumes) targets.push(openTarget(volume, params.id));
    const resumed = targets.some(({ journal }) => isMidway(journal) || journal?.phase === 'swapped');
    const signerState = resumed ? [] : await prepare({ params, context, backup, targets, foot, sha256 });
    exchange(targets, context, sha256);
    if (params.removeOld) for (const target of targets) await removeWork(target, params.id);
    return {
      ok: true,
      manifestSha256: sha256,
      ...(head.metadata.height === undefined ? {} : { height: head.metadata.height }),
      ...bytesAndFiles(foot),
      ownersKept: process.getuid?.() === 0 && (head.ownersKept || params.owner !== undefined),
      signerState,
      oldKept: !params.removeOld,
      resumed,
    };
  } catch (error) {
    throw toWorkError(error, 'restore');
  } finally {
    backup.closeAll();
    for (const { root } of targets) root.closeAll();
  }
}

/** A part of a node at another height than the rest is worse than no restore. */
function requireSameVolumes(params: RestoreParams, foot: ManifestFoot): void {
  const wanted = params.volumes.map(({ name }) => name);
  const missing = wanted.find((name) => foot.totals[name] === undefined);
  if (missing !== undefined) throw new WorkError('missing-volume', `the backup has no volume "${missing}"`);
  const left = Object.keys(foot.totals).find((name) => !wanted.includes(name));
  if (left !== undefined)
    throw new WorkError('missing-volume', `the backup's volume "${left}" has no target; restore all volumes together`);
}

async function prepare(job: Prepare): Promise<SignerChoice[]> {
  const { params, context, targets, foot } = job;
  for (const target of targets) {
    await removeStale(target, params.id);
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
    const trouble = toWorkError(error, 'staging the backup');
    // The data is as it was. A stopped run has no time to tidy up; the next one does it.
    if (trouble.code !== 'interrupted') for (const target of targets) await removeWork(target, params.id);
    throw trouble;
  }
}

function totalsOf(foot: ManifestFoot, name: string): ManifestFoot['totals'][string] {
  const totals = foot.totals[name];
  if (totals === undefined) throw new WorkError('missing-volume', `the backup has no volume "${name}"`);
  return totals;
}

async function flushVolume({ context, targets }: Prepare, volume: RestoreVolume): Promise<void> {
  context.say(`${volume.name}: all files are staged; waiting for the disk`);
  const target = targets.find((one) => one.volume === volume);
  if (target !== undefined) await flushToDisk(target.work ?? target.root, volume.path);
}

/** From here on signals wait: it is a handful of renames. When one fails, all volumes go back to the old data. */
function exchange(targets: readonly Target[], context: WorkContext, sha256: string): void {
  const under = targets.filter(({ journal }) => journal !== undefined);
  // Removing begins when all volumes are exchanged; one without a journal was tidied up before the kill.
  if (under.every(({ journal }) => journal?.phase === 'swapped')) return;
  const swaps = targets.map((target) => {
    const { root, work, journal } = target;
    if (work === undefined || journal === undefined || journal.phase === 'rolled-back')
      throw new WorkError(
        'restore-unfinished',
        `the volume "${target.volume.name}" was not staged; roll the restore back`,
      );
    if (journal.manifestSha256 !== sha256)
      throw new WorkError('manifest-changed', 'the manifest is not the one that was staged; roll the restore back');
    return { target, swap: { root, work, journal, context } };
  });
  try {
    for (const { target, swap } of swaps) target.journal = swapIn(swap);
  } catch (error) {
    for (const { target, swap } of swaps) {
      const journal = swap.work === undefined ? undefined : readJournal(swap.work);
      if (journal !== undefined) target.journal = swapBack({ ...swap, journal });
    }
    throw error;
  }
}
