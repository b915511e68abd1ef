// Programs of a Debian package that the release of this machine does not have yet, with the libraries they need: a small root
// file system for an image. Nothing of it is installed here; apt works in a directory of its own and checks signatures.

import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { inCache } from './cache.ts';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { part } from './progress.ts';
import { SetupError } from './setup-error.ts';

export interface DebianPackage {
  readonly name: string;
  /** The release of Debian that has it. */
  readonly suite: string;
  /** Absolute paths, as the package installs them. */
  readonly programs: readonly string[];
}

/** Bitcoin Core as Bitcoin Knots builds it: the same `bitcoind` and `bitcoin-cli`. Debian has no package of the original. */
export const BITCOIND: DebianPackage = {
  name: 'bitcoin-knots',
  suite: 'sid',
  programs: ['/usr/bin/bitcoind', '/usr/bin/bitcoin-cli'],
};

/** A registry of images. */
export const DOCKER_REGISTRY: DebianPackage = {
  name: 'docker-registry',
  suite: 'bookworm',
  programs: ['/usr/bin/docker-registry'],
};

/** Where the kernel looks for the dynamic loader of a program. */
const LOADER = arch() === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';
const MINUTES = 60_000;

/** The tree for an image, from the cache or made now. Throws NOT_HAD with the reason when this machine can't get it. */
export async function debianTree(wanted: DebianPackage): Promise<string> {
  const tree = treeOf(wanted);
  await withLock(inCache('locks', `debian-${wanted.name}`), async () => {
    if (existsSync(tree)) return;
    await part(`get ${wanted.name} of Debian ${wanted.suite} with its libraries`, () => make(wanted, tree));
  });
  return tree;
}

/** Whether the tree is there, without getting it. */
export function hasDebianTree(wanted: DebianPackage): boolean {
  return existsSync(treeOf(wanted));
}

function treeOf({ name, suite }: DebianPackage): string {
  return inCache('bin', `${name}@debian-${suite}`);
}

async function make(wanted: DebianPackage, tree: string): Promise<void> {
  const work = inCache('debian', `${wanted.name}.${process.pid}`);
  try {
    await unpackAll(wanted, work);
    const partial = join(work, 'tree');
    await keepWhatRuns(wanted, join(work, 'root'), partial);
    mkdirSync(dirname(tree), { recursive: true });
    renameSync(partial, tree);
  } catch (error) {
    throw new SetupError('NOT_HAD', `${wanted.name} of Debian ${wanted.suite} could not be had`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads the package and every library below it, and unpacks them into `work`/root. */
async function unpackAll({ name, suite }: DebianPackage, work: string): Promise<void> {
  const archives = join(work, 'archives');
  for (const folder of ['lists/partial', 'archives/partial', 'root'])
    mkdirSync(join(work, folder), { recursive: true });
  // As if nothing were installed here.
  writeFileSync(join(work, 'status'), '');
  writeFileSync(join(work, 'sources.list'), `deb ${await debianSite()} ${suite} main\n`);
  const apt = aptOptions(work);
  await run('apt-get', [...apt, 'update', '-q'], { timeoutMs: 5 * MINUTES });
  const kinds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const listed = await run('apt-cache', [...apt, 'depends', '--recurse', ...kinds, name]);
  const libraries = listed.split('\n').filter((line) => /^(lib|zlib)/.test(line));
  const packages = [...new Set([name, ...libraries])];
  await run('apt-get', [...apt, 'download', '-q', ...packages], { cwd: archives, timeoutMs: 10 * MINUTES });
  for (const file of readdirSync(archives).filter((entry) => entry.endsWith('.deb')))
    await run('dpkg-deb', ['-x', join(archives, file), join(work, 'root')]);
}

/** The mirror that this machine has its own packages from. */
async function debianSite(): Promise<string> {
  const sites = await run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']);
  const site = sites.split('\n').find((line) => /\/debian\/?$/.test(line));
  if (site === undefined) throw new SetupError('NOT_HAD', 'apt on this machine knows no mirror of Debian');
  return site;
}

function aptOptions(work: string): readonly string[] {
  const settings = {
    'Dir::State': work,
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': work,
    'Dir::Cache::archives': join(work, 'archives'),
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    // The user of the sandbox may not read the cache of this one.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/** The programs, the loader, and the libraries that the loader itself names. */
async function keepWhatRuns({ programs }: DebianPackage, root: string, tree: string): Promise<void> {
  // Since Debian 13 everything is below /usr.
  const folders = [join(root, 'usr', 'lib'), join(root, 'lib')].filter((folder) => existsSync(folder));
  const libraries = folders.flatMap((folder) =>
    readdirSync(folder).flatMap((entry) => (entry.endsWith('-linux-gnu') ? join(folder, entry) : [])),
  );
  const name = LOADER.slice(LOADER.lastIndexOf('/') + 1);
  const loader = libraries.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (loader === undefined) throw new SetupError('NOT_HAD', `the packages have no ${name}`);
  keep(loader, join(tree, LOADER));
  for (const program of programs) {
    keep(join(root, program), join(tree, program));
    const listed = await run(loader, ['--library-path', libraries.join(':'), '--list', join(root, program)]);
    for (const [, path = ''] of listed.matchAll(/=> (\/\S+) \(/g))
      if (path.startsWith(`${root}/`)) keep(path, join(tree, path.slice(root.length)));
  }
}

/** What a link points to, under the link's name. */
function keep(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
