// How much the volumes hold and how much more fits: what a new volume must be able to take.

import type { WorkContext } from './context.ts';
import { Dir } from './dir.ts';
import { spaceOf } from './disk.ts';
import type { VolumeTotals } from './manifest.ts';
import type { UsageParams } from './params.ts';
import { measure } from './tree.ts';
import { toWorkError } from './work-error.ts';

export interface VolumeUsage extends VolumeTotals {
  readonly name: string;
  /** Of the filesystem that the volume lies on, in bytes. */
  readonly totalSpace: number;
  readonly freeSpace: number;
}

export interface UsageResult {
  readonly ok: true;
  readonly volumes: readonly VolumeUsage[];
}

/** Reads directories only, no file. */
export async function usage(params: UsageParams, context: WorkContext): Promise<UsageResult> {
  const volumes: VolumeUsage[] = [];
  for (const { name, path } of params.volumes) {
    const root = Dir.openRoot(path);
    try {
      const { total: totalSpace, free: freeSpace } = spaceOf(root);
      volumes.push({ name, ...(await measure(root, context.signal)), totalSpace, freeSpace });
    } catch (error) {
      throw toWorkError(error, `measuring "${name}"`);
    } finally {
      root.closeAll();
    }
  }
  return { ok: true, volumes };
}
