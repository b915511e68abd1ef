// The control groups of a cluster's containers: one tree under a name of its own, so that all of it can be ended.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { machineName } from './cache.ts';
import { identityOf } from './identity.ts';
import { signal } from './processes.ts';

const ROOT = '/sys/fs/cgroup';

/** Makes the tree in every hierarchy of this machine; the result is the name for the kubelet's `cgroupRoot`. */
export function makeCgroups(cluster: string): string {
  const name = groupName(cluster);
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, name), { recursive: true });
  return `/${name}`;
}

/** Ends every process in the cluster's control groups and removes them. */
export async function removeCgroups(cluster: string): Promise<void> {
  for (let attempt = 0; attempt < 50 && cgroupLeftovers(cluster).length > 0; attempt++) {
    for (const group of cgroupLeftovers(cluster)) {
      for (const pid of processesBelow(group)) killNow(pid);
      removeTree(group);
    }
    await wait(100);
  }
}

/** Ends a process that was just found, by its control group or its command line. */
export function killNow(pid: number): void {
  const identity = identityOf(pid);
  if (identity !== undefined) signal(identity, 'SIGKILL');
}

/** Directories of the cluster's control groups that exist. */
export function cgroupLeftovers(cluster: string): readonly string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, groupName(cluster)))
    .filter((path) => existsSync(path));
}

/** The name of the tree, which is in the path of every control group of the cluster's containers. */
export function groupName(cluster: string): string {
  return `nodewright-${machineName(cluster)}`;
}

/** cgroup v2 has one tree; v1 has one for each controller. */
function hierarchies(): readonly string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT];
  if (!existsSync(ROOT)) return [];
  const entries = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map((entry) => join(ROOT, entry.name)).filter((path) => existsSync(join(path, 'cgroup.procs')));
}

function processesBelow(group: string): readonly number[] {
  const own = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  return [...own, ...children(group).flatMap(processesBelow)];
}

function removeTree(group: string): void {
  for (const child of children(group)) removeTree(child);
  try {
    rmdirSync(group);
  } catch {
    // Its last process is just ending: the next attempt removes it.
  }
}

function children(group: string): readonly string[] {
  if (!existsSync(group)) return [];
  return readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(group, entry.name));
}
