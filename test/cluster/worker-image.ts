// Nodewright's own image for a cluster's working pods, made from this checkout: compiled sources and a Node of npm's.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { CodedError } from '../../src/lib/errors.ts';
import { inCache } from './cache.ts';
import { run } from './command.ts';
import type { ImageRecipe } from './image-list.ts';
import { importImage } from './images.ts';
import { withLock } from './lock.ts';
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
    if (!existsSync(root)) await part('compile the image of working pods', () => layOut(root));
    await part(`import ${reference}`, () => importImage(state, recipe(reference, root)));
  });
  writeFileSync(mark, digest);
  return reference;
}

function recipe(reference: string, root: string): ImageRecipe {
  return {
    reference,
    programs: {},
    trees: { '/': root },
    entrypoint: ['/usr/local/bin/node', '/app/dist/cli/main.js'],
    environment: { NODE_ENV: 'production' },
    workingDirectory: '/app',
    user: '10001:10001',
  };
}

/** The root file system, whole or not there. */
async function layOut(root: string): Promise<void> {
  const made = `${root}.partial`;
  rmSync(made, { recursive: true, force: true });
  for (const old of existsSync(dirname(root)) ? readdirSync(dirname(root)) : [])
    rmSync(join(dirname(root), old), { recursive: true, force: true });
  const app = join(made, 'app');
  mkdirSync(app, { recursive: true });
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', join(REPOSITORY, 'src'), '--outDir', join(app, 'dist'), '--noCheck', '--sourceMap', 'false'];
  await run(process.execPath, [compiler, ...options], { timeoutMs: 300_000 });
  cpSync(join(REPOSITORY, 'package.json'), join(app, 'package.json'));
  for (const name of PACKAGES) {
    const from = join(REPOSITORY, 'node_modules', name);
    cpSync(from, join(app, 'node_modules', name), { recursive: true, filter: isLoaded });
  }
  putFile(nodeProgram(), join(made, 'usr', 'local', 'bin', 'node'));
  for (const library of await librariesOf(nodeProgram())) putFile(library, join(made, library));
  renameSync(made, root);
}

function putFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function isLoaded(path: string): boolean {
  return !/\.(ts|cts|cjs|map|md)$/.test(path) && !path.endsWith('/zod/src');
}

function nodeProgram(): string {
  const path = join(REPOSITORY, 'node_modules', `node-linux-${arch()}`, 'bin', 'node');
  if (!existsSync(path)) throw new CodedError('NO_NODE', `${path} is missing: run npm install with optional packages`);
  return path;
}

/** The shared libraries that the dynamic linker finds for a program, and the linker itself. */
async function librariesOf(program: string): Promise<readonly string[]> {
  return [...(await run('ldd', [program])).matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
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
