// A volume that a restore works on: its restore directory, its journal, and what counts as its data.

import type { WorkContext } from './context.ts';
import { Dir } from './dir.ts';
import type { ManifestFoot } from './manifest.ts';
import { showName } from './names.ts';
import type { RestoreParams, RestoreVolume } from './params.ts';
import { readJournal, refuseUnfinished, writeJournal, type Journal } from './restore-journal.ts';
import { NEW, OLD } from './restore-swap.ts';
import { isReserved, isRestoreDir, restoreDirName } from './reserved.ts';
import { removeTree } from './tree.ts';
import { WorkError } from './work-error.ts';

/** A volume with its restore directory, once that is there. */
export interface Target {
  readonly volume: RestoreVolume;
  readonly root: Dir;
  work: Dir | undefined;
  journal: Journal | undefined;
}

/** All that staging needs. */
export interface Prepare {
  readonly params: RestoreParams;
  readonly context: WorkContext;
  readonly backup: Dir;
  readonly targets: readonly Target[];
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

/** Opens a volume and what an earlier run of this restore left there. */
export function openTarget(volume: RestoreVolume, id: string): Target {
  const root = Dir.openRoot(volume.path);
  refuseUnfinished(root, volume.name, id);
  const work = root.has(restoreDirName(id)) ? root.open(restoreDirName(id)) : undefined;
  const journal = work === undefined ? undefined : readJournal(work);
  if (journal?.phase === 'new-out' || journal?.phase === 'old-in')
    throw new WorkError(
      'restore-unfinished',
      `this restore is being rolled back on "${volume.name}"; finish the rollback`,
    );
  return { volume, root, work, journal };
}

/** What an earlier run left before it exchanged anything, of this request or of another, is only in the way; then makes this one's directory. */
export async function removeStale(target: Target, id: string): Promise<void> {
  for (const name of target.root.list().filter(isRestoreDir)) {
    const dir = target.root.open(name);
    const phase = readJournal(dir)?.phase;
    dir.close();
    // `swapped`: the old data of another restore; only a finish or a rollback may decide about it.
    if (phase !== 'swapped') await removeTree(target.root, name);
  }
  target.work?.close();
  target.work = undefined;
  target.journal = undefined;
  target.work = target.root.make(restoreDirName(id));
  target.work.make(OLD).close();
}

/** A mounted filesystem can't be renamed, so it is found before anything is moved. */
export function refuseMounts({ root, volume }: Target): void {
  const device = root.stat().dev;
  const mount = dataNames(root, volume).find((name) => root.lstat(name)?.dev !== device);
  if (mount !== undefined)
    throw new WorkError(
      'nested-mount',
      `another filesystem is mounted on ${volume.name}/${showName(mount)}; name it as reserved, or mount it elsewhere`,
    );
}

function dataNames(root: Dir, volume: RestoreVolume): string[] {
  return root.list().filter((name) => !isReserved(name) && !volume.reserved.includes(showName(name)));
}

export function writePlan(target: Target, { params, sha256, context: { onStep } }: Prepare): void {
  const { root, work, volume } = target;
  if (work === undefined) return;
  const staged = work.open(NEW);
  target.journal = {
    format: 'nodewright-restore/1',
    id: params.id,
    phase: 'staged',
    manifestSha256: sha256,
    old: dataNames(root, volume).map(showName),
    new: staged.list().map(showName),
  };
  staged.close();
  writeJournal(work, target.journal);
  root.sync();
  onStep?.('journal:staged');
}

/** Removes the restore directory with the old data, or with what was staged. */
export async function removeWork(target: Target, id: string): Promise<void> {
  target.work?.close();
  target.work = undefined;
  await removeWorkDir(target.root, restoreDirName(id));
}

/** The journal goes last, so that a killed removal is taken up again. */
export async function removeWorkDir(root: Dir, name: string): Promise<void> {
  if (!root.has(name)) return;
  const work = root.open(name);
  await removeTree(work, OLD);
  await removeTree(work, NEW);
  work.close();
  await removeTree(root, name);
  root.sync();
}
