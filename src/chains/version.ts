// Client versions: comparing them, and the image reference they stand for.

import type { Client } from '../api/containers.ts';
import type { ClientInfo } from './chain.ts';

/** The image to run: the file's own reference if given, else repository, tag prefix and version. */
export function imageOf(client: Client, info: ClientInfo): string {
  return client.image ?? `${info.image}:${info.tagPrefix}${bareVersion(client.version ?? info.defaultVersion)}`;
}

/** `v1.16.7` → `1.16.7`: people write both. */
export function bareVersion(version: string): string {
  return /^v\d/.test(version) ? version.slice(1) : version;
}

/**
 * Whether `version` is older than `minimum` by its leading dotted numbers; false when it doesn't start with a number
 * (a branch or `latest`), because then nothing can be said. A pre-release (`2.0.0-rc1`) is older than its release.
 */
export function isOlder(version: string, minimum: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(minimum)];
  if (left === undefined || right === undefined) return false;
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return /^\d+(\.\d+)*-(rc|alpha|beta|pre|dev|nightly|unstable)/i.test(bareVersion(version));
}

function numbersOf(version: string): number[] | undefined {
  const match = /^\d+(\.\d+)*/.exec(bareVersion(version));
  return match?.[0].split('.').map(Number);
}
