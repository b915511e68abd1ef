// Executors that have files on the status branch, and that fleet.yaml lists no more.

import { FLEET_FILE } from '../api/fleet.ts';
import { DEFAULT_NAMESPACE } from '../api/group.ts';
import { decodeSource } from '../desired/source-text.ts';
import { readDesired } from '../desired/read.ts';
import type { GitSource } from '../git/engine.ts';
import type { TreeSync } from '../status/tree-nodes.ts';

type Source = Pick<GitSource, 'resolve' | 'fetch' | 'list' | 'read'>;

/** By the desired branch of the controller that committed last. None while that branch, or its Fleet, cannot be read or lists no executors. */
export async function retiredExecutors(
  source: Source,
  controllers: readonly TreeSync[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const [last] = controllers.toSorted((a, b) => ((a.publishedAt ?? '') < (b.publishedAt ?? '') ? 1 : -1));
  const listed = last?.branch === undefined ? [] : await executorsIn(source, last.branch, signal).catch(() => []);
  if (listed.length === 0) return new Set();
  return new Set(controllers.map(({ executor }) => executor).filter((executor) => !listed.includes(executor)));
}

async function executorsIn(source: Source, branch: string, signal: AbortSignal): Promise<readonly string[]> {
  const tip = await source.resolve(branch, signal);
  if (tip === undefined) return [];
  const entries = await source.list(await source.fetch(branch, signal, tip));
  const entry = entries.find(({ path, type }) => path === FLEET_FILE && type === 'file');
  if (entry === undefined) return [];
  const file = decodeSource(entry.path, entry.oid, await source.read(entry.oid));
  const { fleet, fleetBroken } = readDesired([file], { defaultNamespace: DEFAULT_NAMESPACE });
  return fleetBroken ? [] : (fleet.executors?.map(({ name }) => name) ?? []);
}
