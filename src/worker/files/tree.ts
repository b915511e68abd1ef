// Small acts on whole trees: find a place in one, remove one, measure one.

import { constants, fsyncSync, openSync, closeSync, type Stats } from 'node:fs';

import { systemCodeOf } from '../../lib/errors.ts';
import { breathe } from '../context.ts';
import type { Dir } from './dir.ts';
import { lastPart } from './names.ts';
import { NO_TOTALS, type VolumeTotals } from './totals.ts';
import { isReserved } from './reserved.ts';
import { throwIfStopped } from '../task-error.ts';
import { walk } from './walk.ts';

/** Opens the directory that holds `path`, part by part without following links; undefined when a part is missing. */
export function openParent(root: Dir, path: string): { readonly dir: Dir; readonly name: string } | undefined {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  let dir = root.open('.');
  for (const part of parts) {
    try {
      const next = dir.open(part);
      dir.close();
      dir = next;
    } catch (error) {
      dir.close();
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
  return { dir, name };
}

/** Removes an entry with all below it; nothing happens when it is not there. Links are removed, not followed. */
export async function removeTree(parent: Dir, name: string): Promise<void> {
  const stats = parent.lstat(name);
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    parent.unlink(name);
    return;
  }
  await emptyDir(parent.open(name));
  parent.rmdir(name);
}

async function emptyDir(root: Dir): Promise<void> {
  if ((root.stat().mode & 0o700) !== 0o700) root.chmod(0o700);
  let count = 0;
  const open: Dir[] = [];
  for (const step of walk(root)) {
    if (step.do === 'entry') step.dir.unlink(step.name);
    if (step.do === 'enter') {
      if ((step.stats.mode & 0o300) !== 0o300) step.dir.chmod(0o700);
      open.push(step.dir);
    }
    if (step.do === 'leave') {
      open.pop()?.close();
      open.at(-1)?.rmdir(lastPart(step.path));
    }
    if ((count += 1) % 1024 === 0) await breathe();
  }
}

/** Counts what a volume holds. A file with several names counts once; reserved names (reserved.ts) don't count. */
export async function measure(root: Dir, signal: AbortSignal): Promise<VolumeTotals> {
  const total = { ...NO_TOTALS };
  const linked = new Set<number>();
  let count = 0;
  for (const step of walk(root, isReserved)) {
    if ((count += 1) % 1024 === 0) {
      await breathe();
      throwIfStopped(signal);
    }
    if (step.do === 'enter') total.dirs += 1;
    if (step.do === 'leave' && step.dir !== root) step.dir.close();
    if (step.do === 'entry') addEntry(total, step.stats, linked);
  }
  return total;
}

/** `linked` has the inodes that were counted and have more names. */
function addEntry(total: Writable<VolumeTotals>, stats: Stats, linked: Set<number>): void {
  const isFirst = stats.nlink === 1 || !linked.has(stats.ino);
  if (stats.nlink > 1) linked.add(stats.ino);
  if (!stats.isFile() || !isFirst) {
    total.links += 1;
    return;
  }
  total.files += 1;
  total.bytes += stats.size;
  total.stored += Math.min(stats.blocks * 512, Math.ceil(stats.size / 4096) * 4096);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Makes every file below a directory last, one by one; for images without `sync -f`. */
export async function syncEach(root: Dir): Promise<void> {
  let count = 0;
  for (const step of walk(root)) {
    if (step.do === 'entry' && step.stats.isFile()) {
      const fd = openSync(step.dir.at(step.name), constants.O_RDONLY | constants.O_NOFOLLOW);
      fsyncSync(fd);
      closeSync(fd);
    }
    if (step.do === 'leave') {
      step.dir.sync();
      if (step.dir !== root) step.dir.close();
    }
    if ((count += 1) % 64 === 0) await breathe();
  }
}
