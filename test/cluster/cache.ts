// Where everything lives that outlasts one run: binaries, and one directory for each cluster.

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { sha256 } from '../../src/lib/hash.ts';

/** The directory outside the repository for binaries and clusters; `NODEWRIGHT_CACHE` moves it. */
export function cacheDirectory(): string {
  const own = process.env['NODEWRIGHT_CACHE'];
  if (own !== undefined && own !== '') return resolve(own);
  const shared = process.env['XDG_CACHE_HOME'];
  return shared !== undefined && shared !== '' ? join(shared, 'nodewright') : usualCache();
}

/**
 * The name of a cluster for what it has outside of the cache (interfaces, control groups, sockets): two caches on one
 * machine may hold clusters of one name.
 */
export function machineName(cluster: string): string {
  const directory = cacheDirectory();
  return directory === usualCache() ? cluster : `${cluster}-${sha256(directory).slice(0, 6)}`;
}

/** A path below the cache directory. */
export function inCache(...parts: readonly string[]): string {
  return join(cacheDirectory(), ...parts);
}

function usualCache(): string {
  return join(homedir(), '.cache', 'nodewright');
}
