// The disk below a directory: its free space, and syncing what was written.

import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';

import { formatBytes } from '../../lib/quantity.ts';
import type { Dir } from './dir.ts';
import type { VolumeTotals } from './totals.ts';
import { syncEach } from './tree.ts';
import { TaskError } from '../task-error.ts';

export interface Space {
  readonly total: number;
  /** What a process without privileges may still use. */
  readonly free: number;
  /** Files that can still be made; undefined where the filesystem has no fixed number. */
  readonly freeFiles: number | undefined;
}

export function spaceOf(dir: Dir): Space {
  const stats = statfsSync(`/proc/self/fd/${dir.fd}`);
  return {
    total: stats.blocks * stats.bsize,
    free: stats.bavail * stats.bsize,
    freeFiles: stats.files === 0 ? undefined : stats.ffree,
  };
}

// For journals, manifests and the filesystem's own tables.
const RESERVE = 1 << 20;

/** Throws `NoSpace` when the trees do not fit. Volumes on one filesystem share its space. */
export function requireSpace(
  wanted: readonly { readonly dir: Dir; readonly name: string; readonly totals: VolumeTotals }[],
): void {
  const needs = new Map<number, { bytes: number; files: number; dir: Dir; names: string[] }>();
  for (const { dir, name, totals } of wanted) {
    const device = dir.stat().dev;
    const need = needs.get(device) ?? { bytes: RESERVE, files: 8, dir, names: [] };
    const entries = totals.files + totals.dirs + totals.links;
    // An entry needs space too: its name in a directory, and its line in a manifest.
    need.bytes += totals.stored + totals.dirs * 4096 + entries * 320;
    need.files += entries;
    need.names.push(name);
    needs.set(device, need);
  }
  for (const { bytes, files, dir, names } of needs.values()) {
    const { free, freeFiles } = spaceOf(dir);
    if (bytes > free)
      throw new TaskError(
        'NoSpace',
        `${names.join(', ')}: ${formatBytes(bytes)} needed, ${formatBytes(free)} free; make the volume larger`,
      );
    if (freeFiles !== undefined && files > freeFiles)
      throw new TaskError(
        'NoSpace',
        `${names.join(', ')}: ${files} files needed, the filesystem has room for ${freeFiles}`,
      );
  }
}

/**
 * Returns once everything below `path` is on the disk. One syncfs(2) through `sync -f` costs far less than an fsync a
 * file; Node has no call for it, so without that program each file is synced by itself.
 */
export async function flushToDisk(dir: Dir, path: string): Promise<void> {
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn('sync', ['-f', path], { stdio: 'ignore' });
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  if (code !== 0) await syncEach(dir);
}
