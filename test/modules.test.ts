// The structure of src that a reader relies on: the layers between modules, and folders small enough to take in.
// The linter checks libraries, globals and the order of folders inside a module, and rules out circles of files.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

const SRC = new URL('../src', import.meta.url).pathname;
const MAX_FILES_IN_FOLDER = 31;

/** Module → modules that it may import. `main.ts` connects all of them. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  image: [],
  api: ['lib'],
  chains: ['api', 'lib'],
  jobs: ['api', 'lib'],
  policy: ['api', 'lib'],
  keys: ['lib'],
  upgrade: ['api', 'lib', 'policy'],
  plan: ['api', 'lib'],
  render: ['api', 'chains', 'lib'],
  adopt: ['api', 'chains', 'lib', 'render'],
  // It judges what a node becomes, so it renders it.
  desired: ['api', 'chains', 'jobs', 'lib', 'policy', 'render', 'upgrade'],
  status: ['api', 'chains', 'lib', 'plan'],
  signatures: ['lib'],
  registry: ['api', 'lib'],
  git: ['lib'],
  kube: ['api', 'lib'],
  rpc: ['api', 'chains', 'lib'],
  worker: ['api', 'lib'],
  web: ['api', 'lib'],
  controller: [
    'api',
    'chains',
    'desired',
    'git',
    'jobs',
    'keys',
    'kube',
    'lib',
    'plan',
    'policy',
    'registry',
    'render',
    'rpc',
    'signatures',
    'status',
    'upgrade',
  ],
};
/** The edges may import every module. */
const EDGES = ['cli', 'main.ts'];

interface Folder {
  readonly path: string;
  readonly files: readonly string[];
}

const folders = foldersBelow(SRC);

function foldersBelow(path: string): readonly Folder[] {
  const entries = readdirSync(path, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).map(({ name }) => name);
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => foldersBelow(join(path, name)));
  return [{ path, files }, ...below];
}

function moduleOf(path: string): string {
  return relative(SRC, path).split('/')[0] ?? '';
}

/** `module → other: file` for every import that leaves its module. */
function arrowsOf(file: string): readonly { readonly from: string; readonly to: string; readonly file: string }[] {
  const imports = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport|\bimport\() ?'(\.[^']+)'/g);
  return [...imports]
    .map(([, path = '']) => moduleOf(resolve(dirname(file), path)))
    .filter((to) => to !== moduleOf(file))
    .map((to) => ({ from: moduleOf(file), to, file: relative(SRC, file) }));
}

describe('the modules of src', () => {
  it('import only the modules below them', () => {
    const arrows = folders.flatMap(({ path, files }) => files.flatMap((name) => arrowsOf(join(path, name))));
    expect(arrows.length).toBeGreaterThan(0);
    const wrong = arrows.filter(({ from, to }) => !EDGES.includes(from) && !(ARROWS[from] ?? []).includes(to));
    expect(wrong).toEqual([]);
  });

  it('are all in the list of layers', () => {
    const names = readdirSync(SRC, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .filter((name) => folders.some(({ path, files }) => moduleOf(path) === name && files.length > 0));
    expect(names.filter((name) => !(name in ARROWS) && !EDGES.includes(name))).toEqual([]);
  });

  it(`have no folder with more than ${MAX_FILES_IN_FOLDER} files`, () => {
    const large = folders.filter(({ files }) => files.length > MAX_FILES_IN_FOLDER);
    expect(large.map(({ path, files }) => `${relative(SRC, path)}: ${files.length}`)).toEqual([]);
  });
});
