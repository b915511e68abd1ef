// Client versions: comparing them, and the image reference they stand for.

import { clipJson } from '../lib/clip.ts';
import type { Client } from '../api/containers.ts';
import type { ClientInfo } from './chain.ts';

/** The image to run: the file's own reference if given, else repository, tag prefix and version. */
export function imageOf(client: Client, info: ClientInfo): string {
  return client.image ?? `${info.image}:${info.tagPrefix}${bareVersion(client.version ?? info.defaultVersion)}`;
}

/**
 * Why a text is not the version of a release, and what to write; undefined when it is one. A name that moves (`latest`) would
 * change what runs without a commit, and no fork of a network could be checked against it.
 */
export function wrongVersion(version: string, { name, defaultVersion }: ClientInfo): string | undefined {
  if (/^v?\d[A-Za-z0-9_.-]{0,100}$/.test(version) && !/\.[xX](\.|$)/.test(version)) return undefined;
  const bare = /^[vV=]*(\d+(?:\.\d+)*(?:-[A-Za-z0-9.-]+)?)$/.exec(version.trim())?.[1];
  const advice = `one of ${name}, such as ${defaultVersion}; for an image with another tag, set image beside it`;
  return `${clipJson(version)} is not the version of a release: write ${bare === undefined ? advice : `"${bare}"`}.`;
}

/** `v1.16.7` → `1.16.7`: people write both. */
export function bareVersion(version: string): string {
  return /^v\d/.test(version) ? version.slice(1) : version;
}

/**
 * Whether `version` is older than `minimum` by its leading dotted numbers; false when one doesn't start with a number,
 * because then nothing can be said. A pre-release (`2.0.0-rc1`) is older than its release.
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
