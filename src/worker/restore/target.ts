// A volume that a restore works on: its restore directory, its journal, and what counts as its data.

import type { RestoreParameters } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import type { ManifestFoot } from '../manifest/manifest.ts';
import { showName } from '../files/names.ts';
import { readJournal, writeJournal, type Journal } from './journal.ts';
import type { ReplayTarget } from './replay.ts';
import { NEW, OLD } from './swap.ts';
import { isReserved, isRestoreDir, restoreDirName } from '../files/reserved.ts';
import { removeTree } from '../files/tree.ts';
import { TaskError } from '../task-error.ts';

export interface RestoreVolume {
  readonly name: string;
  readonly to: string;
  /** The node's own, by path from the top: stays as it is, also when it is absent. */
  readonly keep: readonly string[];
  /** Of these the newer one wins. */
  readonly signerState: readonly string[];
}

/** A volume with its restore directory, once that is there. */
export interface Target {
  readonly volume: RestoreVolume;
  readonly root: Dir;
  work: Dir | undefined;
  journal: Journal | undefined;
}

/** All that staging needs. */
export interface Prepare {
  readonly params: RestoreParameters;
  readonly context: TaskContext;
  readonly backup: Dir;
  readonly targets: readonly Target[];
  readonly foot: ManifestFoot;
  readonly sha256: string;
  /** Fills the directories of the new data, and checks them; absent: copies from `backup`. */
  readonly fill?: ((job: Prepare, into: ReadonlyMap<string, ReplayTarget>) => Promise<void>) | undefined;
}

/** The volumes of a request, each with what is its own. */
export function volumesOf({ volumes, keep, signerState }: RestoreParameters): RestoreVolume[] {
  return volumes.map(({ name, to }) => {
    const here = ({ volume }: { readonly volume: string }): boolean => volume === name;
    const pathOf = ({ path }: { readonly path: string }): string => path;
    return { name, to, keep: keep.filter(here).map(pathOf), signerState: signerState.filter(here).map(pathOf) };
  });
}

/** Opens a volume and what an earlier run of this restore left there. */
export function openTarget(volume: RestoreVolume, id: string): Target {
  const root = Dir.openRoot(volume.to);
  const work = root.has(restoreDirName(id)) ? root.open(restoreDirName(id)) : undefined;
  return { volume, root, work, journal: work === undefined ? undefined : readJournal(work) };
}

/** What earlier runs left, of this request or of another, is only in the way; then makes this one's directory. */
export async function beginAfresh(target: Target, id: string): Promise<void> {
  target.work?.close();
  target.work = undefined;
  target.journal = undefined;
  for (const name of target.root.list().filter(isRestoreDir)) await removeWorkDir(target.root, name);
  target.work = target.root.make(restoreDirName(id));
  target.work.make(OLD).close();
}

/** A mounted filesystem can't be renamed, so it is found before anything is moved. */
export function refuseMounts({ root, volume }: Target): void {
  const device = root.stat().dev;
  const mount = dataNames(root).find((name) => root.lstat(name)?.dev !== device);
  if (mount !== undefined)
    throw new TaskError(
      'NestedMount',
      `another filesystem is mounted on ${volume.name}/${showName(mount)}; mount it elsewhere`,
    );
}

function dataNames(root: Dir): string[] {
  return root.list().filter((name) => !isReserved(name));
}

export function writePlan(target: Target, { params, sha256, context: { onStep } }: Prepare): void {
  const { root, work } = target;
  if (work === undefined) return;
  const staged = work.open(NEW);
  const fresh = staged.list();
  const old = dataNames(root).filter((name) => params.scope === 'volume' || fresh.includes(name));
  target.journal = {
    format: 'nodewright-restore/1',
    id: params.id,
    phase: 'staged',
    manifestSha256: sha256,
    old: old.map(showName),
    new: fresh.map(showName),
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
async function removeWorkDir(root: Dir, name: string): Promise<void> {
  if (!root.has(name)) return;
  const work = root.open(name);
  await removeTree(work, OLD);
  await removeTree(work, NEW);
  work.close();
  await removeTree(root, name);
  root.sync();
}
