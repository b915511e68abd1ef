// Which installed packages go into the image, and which of their files.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** Folders like `node_modules/pino`, as package-lock.json has them: no development tools, nothing optional, no types. */
export function productionPackages(checkout: string): readonly string[] {
  // The edge: a file that npm writes.
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return productionPaths(lock.packages).filter((path) => existsSync(join(checkout, path)));
}

export function productionPaths(packages: Readonly<Record<string, LockedPackage>>): readonly string[] {
  return Object.entries(packages).flatMap(([path, { dev, optional, devOptional }]) => {
    const isLeftOut = dev === true || optional === true || devOptional === true || path === '';
    return isLeftOut || path.includes('node_modules/@types/') ? [] : [path];
  });
}

/** Types, maps, documents and sources of packages are never loaded. */
const NEVER_LOADED = [
  /\.(d\.[cm]?ts|ts|cts|mts|map|md|markdown)$/,
  /\/(test|tests|example|examples|docs|bench|benchmark|benchmarks|\.github)$/,
  // A thousand files that kube/kube-config.ts does not load.
  /\/@kubernetes\/client-node\/dist\/gen\/(apis|models|types)$/,
  // Builds of packages for browsers and other runtimes, and for CommonJS beside ESM.
  /\/zod\/(src$|v3$|.*\.cjs$)/,
  /\/isomorphic-git\/index\.umd\.min\.js$/,
  /\/openpgp\/(lightweight|dist\/(lightweight|openpgp[^/]*|node\/openpgp\.(min\..*|cjs)))$/,
  /\/bare-[a-z]+\/prebuilds$/,
];

/** A filter of `cp`: false leaves the file or folder out. */
export function isLoaded(path: string): boolean {
  return !NEVER_LOADED.some((pattern) => pattern.test(path));
}
