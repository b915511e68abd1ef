// The shared libraries of programs: an image without a distribution has only these.

import { execFileSync } from 'node:child_process';

/** Absolute paths of everything the dynamic linker loads for the programs, and of the linker itself. */
export function libraryFiles(programs: readonly string[]): readonly string[] {
  const listings = programs.map((program) => execFileSync('ldd', [program], { encoding: 'utf8' }));
  return [...new Set(listings.flatMap(librariesIn))].sort();
}

/** The paths in what ldd prints. Throws when a library is missing: the program would not start. */
export function librariesIn(listing: string): readonly string[] {
  const missing = /^\s*(\S+) => not found/m.exec(listing)?.[1];
  if (missing !== undefined) throw new Error(`the library ${missing} is missing on this machine; install it first`);
  return [...listing.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
}
