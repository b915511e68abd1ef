// Which running processes use a cluster: several test runs may share one, and the last one takes it down.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inCache } from './cache.ts';
import { identityOf, isAlive, type Identity } from './identity.ts';

/** Says that this process uses the cluster. The caller has the cluster's lock. */
export function hold(cluster: string): void {
  mkdirSync(folderOf(cluster), { recursive: true });
  writeFileSync(join(folderOf(cluster), String(process.pid)), JSON.stringify(identityOf(process.pid)));
}

/** Says that this process uses it no longer. */
export function removeFinalizer(cluster: string): void {
  rmSync(join(folderOf(cluster), String(process.pid)), { force: true });
}

/** Whether a living process uses the cluster; forgets those that ended without a word. */
export function isHeld(cluster: string): boolean {
  const folder = folderOf(cluster);
  if (!existsSync(folder)) return false;
  const files = readdirSync(folder).map((name) => join(folder, name));
  const [dead, alive] = [files.filter((file) => !isAliveFile(file)), files.filter(isAliveFile)];
  for (const file of dead) rmSync(file, { force: true });
  if (alive.length === 0) rmSync(folder, { recursive: true, force: true });
  return alive.length > 0;
}

/** Names of all clusters that any process, living or dead, said it uses. */
export function heldClusters(): readonly string[] {
  const folder = inCache('holders');
  return existsSync(folder) ? readdirSync(folder) : [];
}

function isAliveFile(file: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(file, 'utf8')) as Identity);
  } catch {
    return false;
  }
}

function folderOf(cluster: string): string {
  return inCache('holders', cluster);
}
