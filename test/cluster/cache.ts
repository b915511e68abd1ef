// Where everything lives that outlasts one run: binaries, and one directory for each cluster.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** The directory outside the repository for binaries and clusters; `NODEWRIGHT_CACHE` moves it. */
export function cacheDirectory(): string {
  const own = process.env['NODEWRIGHT_CACHE'];
  if (own !== undefined && own !== '') return own;
  const shared = process.env['XDG_CACHE_HOME'];
  return join(shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache'), 'nodewright');
}

/** A path below the cache directory. */
export function inCache(...parts: readonly string[]): string {
  return join(cacheDirectory(), ...parts);
}
