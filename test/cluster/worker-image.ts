// Nodewright's own image, assembled from this checkout as the Dockerfile does it: for the controller and for worker pods.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { IMAGE_CONFIG } from '../../src/image/config.ts';
import { binary } from './binaries.ts';
import { inCache } from './cache.ts';
import { run } from './command.ts';
import type { ImageRecipe } from './image-list.ts';
import { importImage } from './images.ts';
import { withLock } from './lock.ts';
import { part } from './progress.ts';
import { SetupError } from './setup-error.ts';
import type { ClusterState } from './state.ts';

const REPOSITORY = new URL('../..', import.meta.url).pathname;

/** Makes the image when sources changed since, gives it to the cluster when it has not this one; gives its reference. */
export async function importWorkerImage(state: ClusterState): Promise<string> {
  const reference = `docker.io/nodewright/nodewright:${packageVersion()}`;
  const mark = join(state.directory, 'worker-image');
  const root = await imageRoot();
  if (existsSync(mark) && readFileSync(mark, 'utf8') === root) return reference;
  const recipe: ImageRecipe = { ...IMAGE_CONFIG, reference, programs: {}, trees: { '/': root }, bare: true };
  await withLock(inCache('locks', 'worker-image'), () => part(`import ${reference}`, () => importImage(state, recipe)));
  writeFileSync(mark, root);
  return reference;
}

/** The folder with the image's root file system, whole. */
export async function imageRoot(): Promise<string> {
  const root = inCache('worker', sourceDigest());
  await withLock(inCache('locks', 'worker-image'), async () => {
    if (!existsSync(root)) await part('assemble the image', () => layOut(root));
  });
  return root;
}

async function layOut(root: string): Promise<void> {
  for (const old of existsSync(dirname(root)) ? readdirSync(dirname(root)) : [])
    rmSync(join(dirname(root), old), { recursive: true, force: true });
  const made = `${root}.partial`;
  mkdirSync(dirname(made), { recursive: true });
  const program = join(REPOSITORY, 'src', 'image', 'assemble.ts');
  await run(nodeProgram(), [program, made, await binary('restic')], { timeoutMs: 300_000 });
  renameSync(made, root);
}

/** npm's Node.js and not the one of the machine, which may be older or linked to other libraries. */
function nodeProgram(): string {
  const path = join(REPOSITORY, 'node_modules', `node-linux-${arch()}`, 'bin', 'node');
  if (!existsSync(path)) throw new SetupError('NO_NODE', `${path} is missing: run npm install with optional packages`);
  return path;
}

/** Of everything that ends up in the image, by content. */
function sourceDigest(): string {
  const hash = createHash('sha256')
    .update(readFileSync(join(REPOSITORY, 'package-lock.json')))
    .update(arch());
  for (const path of ['src', 'repo-template'].flatMap((folder) => filesBelow(join(REPOSITORY, folder))))
    hash
      .update(`${path.slice(REPOSITORY.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { readonly version: string }).version;
}
