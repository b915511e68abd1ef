// The files of nodes and backups, as they lie in the volumes, and what a node said when it started.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { JobRecord } from '../../../src/jobs/requests/record.ts';
import { waitFor } from '../../demo/wait-for.ts';
import { volumeFolder } from '../volume-folder.ts';
import type { PodsWorld } from '../world.ts';

/** A folder of a PVC. */
export interface Folder {
  readonly pvc: string;
  readonly subPath?: string;
}

/** Where it lies on this host. */
export function pathOf(world: PodsWorld, { pvc, subPath = '' }: Folder): string {
  return join(volumeFolder(world, pvc), subPath);
}

/** The text of a file, as it is now. */
export function read(world: PodsWorld, folder: Folder, path: string): string {
  return readFileSync(join(pathOf(world, folder), path), 'utf8');
}

/** The height of a node, from its storage. */
export function heightOf(world: PodsWorld, folder: Folder): number {
  return Number(read(world, folder, 'chain_data/current_height'));
}

/** Resolves with the height once it is above. */
export async function heightAbove(world: PodsWorld, folder: Folder, height: number): Promise<number> {
  return await waitFor({ what: `height ${height} of ${JSON.stringify(folder)}`, timeoutMs: 90_000 }, async () => {
    const now = heightOf(world, folder);
    if (now <= height) throw new Error(`it is at ${now}`);
    return now;
  });
}

/** A record says that a node continued from this height. It had more before, where it was up long enough to be asked. */
export function expectGrowth({ heightBefore = Infinity, heightAfter }: JobRecord, from: number): void {
  expect(heightBefore).toBeGreaterThan(from);
  expect(heightAfter).toBeGreaterThan(from);
}

/** The height that a node's storage found when it started: what proves a rollback. */
export async function firstHeight(world: PodsWorld, workload: string): Promise<number> {
  return await waitFor({ what: `${workload} to report its first height`, timeoutMs: 60_000 }, async () => {
    const log = await world.kubectl(['logs', workload, '-c', 'storage']);
    const height = /init block number: (\d+)/.exec(log)?.[1];
    return height === undefined ? undefined : Number(height);
  });
}
