// Nodewright's own image for a cluster's worker pods, made from this checkout: compiled sources and a Node of npm's.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { inCache } from './cache.ts';
import { run } from './command.ts';
import type { ImageRecipe } from './image-list.ts';
import { importImage } from './images.ts';
import { withLock } from './lock.ts';
import { nodeTree } from './node-tree.ts';
import { part } from './progress.ts';
import type { ClusterState } from './state.ts';

const REPOSITORY = new URL('../..', import.meta.url).pathname;

/** What `nodewright job run` loads; everything else is left out. */
const PACKAGES = ['commander', 'zod'] as const;

/** Makes the image when sources changed since, gives it to the cluster when it has not this one; gives its reference. */
export async function importWorkerImage(state: ClusterState): Promise<string> {
  const digest = sourceDigest();
  const root = inCache('worker', digest);
  const reference = `docker.io/nodewright/nodewright:${packageVersion()}`;
  const mark = join(state.directory, 'worker-image');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return reference;
  await withLock(inCache('locks', 'worker-image'), async () => {
    if (!existsSync(root)) await part('compile the image of worker pods', () => layOut(root));
    const trees = { '/': await nodeTree(), '/app': root };
    await part(`import ${reference}`, () => importImage(state, { ...RECIPE, reference, trees }));
  });
  writeFileSync(mark, digest);
  return reference;
}

const RECIPE = {
  programs: {},
  entrypoint: ['/usr/local/bin/node', '/app/dist/cli/main.js'],
  environment: { NODE_ENV: 'production' },
  workingDirectory: '/app',
  user: '10001:10001',
} satisfies Partial<ImageRecipe>;

/** The folder /app, whole or not there. */
async function layOut(root: string): Promise<void> {
  const made = `${root}.partial`;
  rmSync(made, { recursive: true, force: true });
  for (const old of existsSync(dirname(root)) ? readdirSync(dirname(root)) : [])
    rmSync(join(dirname(root), old), { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', join(REPOSITORY, 'src'), '--outDir', join(made, 'dist'), '--noCheck', '--sourceMap', 'false'];
  await run(process.execPath, [compiler, ...options], { timeoutMs: 300_000 });
  cpSync(join(REPOSITORY, 'package.json'), join(made, 'package.json'));
  for (const name of PACKAGES) {
    const from = join(REPOSITORY, 'node_modules', name);
    cpSync(from, join(made, 'node_modules', name), { recursive: true, filter: isLoaded });
  }
  renameSync(made, root);
}

function isLoaded(path: string): boolean {
  return !/\.(ts|cts|cjs|map|md)$/.test(path) && !path.endsWith('/zod/src');
}

/** Of everything that ends up in the image, by content. */
function sourceDigest(): string {
  const hash = createHash('sha256')
    .update(readFileSync(join(REPOSITORY, 'package-lock.json')))
    .update(arch());
  const source = join(REPOSITORY, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|json)$/.test(path));
  for (const path of files.sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(source, path)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { readonly version: string }).version;
}
