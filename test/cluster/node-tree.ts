// Node.js with the libraries it needs, laid out as in an image.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { inCache } from './cache.ts';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { SetupError } from './setup-error.ts';

const PACKAGE = new URL(`../../node_modules/node-linux-${arch()}`, import.meta.url).pathname;

/** The folder to copy to an image's `/`, for `/usr/local/bin/node`; made when it is not there. */
export async function nodeTree(): Promise<string> {
  const root = inCache('node', versionOfNode());
  await withLock(inCache('locks', 'node-tree'), async () => {
    if (!existsSync(root)) await layOut(root);
  });
  return root;
}

/** The root file system, whole or not there. */
async function layOut(root: string): Promise<void> {
  const made = `${root}.partial`;
  rmSync(made, { recursive: true, force: true });
  const program = join(PACKAGE, 'bin', 'node');
  putFile(program, join(made, 'usr', 'local', 'bin', 'node'));
  for (const library of await librariesOf(program)) putFile(library, join(made, library));
  renameSync(made, root);
}

function putFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** The shared libraries that the dynamic linker finds for a program, and the linker itself. */
async function librariesOf(program: string): Promise<readonly string[]> {
  return [...(await run('ldd', [program])).matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
}

function versionOfNode(): string {
  const path = join(PACKAGE, 'package.json');
  if (!existsSync(path)) throw new SetupError('NO_NODE', `${path} is missing: run npm install with optional packages`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}
