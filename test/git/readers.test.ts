// One tree, three readers: `validate` on a disk, `plan` in a clone, the controller over the network. All see the same.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { readDirectory } from '../../src/cli/directory.ts';
import { readFiles } from '../../src/controller/fleet/read-files.ts';
import type { SourceFile } from '../../src/desired/desired-set.ts';
import { readDesired } from '../../src/desired/read.ts';
import { openLocalRepository } from '../../src/git/local.ts';
import { nodeFile } from '../support/desired-files.ts';
import { commitFiles, type FileChange, git } from '../support/git-repo.ts';
import { makeWorld, never, openSource, temporaryFolder, type World } from './world.ts';

const NODE = nodeFile('x');
const MIB = 2 ** 20;
const OTHER_COMMIT = '1'.repeat(40);

interface Row {
  readonly because: string;
  readonly files: Readonly<Record<string, FileChange>>;
  /** What every reader says of the files besides the good node: problems by file, and the names of other nodes. */
  readonly says: readonly string[];
  /** What lies on the disk of `validate` alone, by path, and what that changes. */
  readonly onDisk?: Readonly<Record<string, string>>;
  readonly saysOfDisk?: readonly string[];
}

// prettier-ignore
const rows: readonly Row[] = [
  { because: 'a plain node', files: { 'nodes/x.yaml': NODE }, says: ['node x'] },
  { because: 'an executable file', files: { 'nodes/x.yaml': { executable: NODE } }, says: ['node x'] },
  { because: 'Windows line ends', files: { 'nodes/x.yaml': NODE.replaceAll('\n', '\r\n') }, says: ['node x'] },
  { because: 'a byte order mark', files: { 'nodes/x.yaml': `\ufeff${NODE}` }, says: ['node x'] },
  { because: 'an empty file', files: { 'nodes/x.yaml': '' }, says: ['nodes/x.yaml EmptyFile'] },
  { because: 'UTF-16', files: { 'nodes/x.yaml': Buffer.from(`\ufeff${NODE}`, 'utf16le') }, says: ['nodes/x.yaml NotUtf8'] },
  { because: 'Latin-1', files: { 'nodes/x.yaml': Buffer.from(`# J\u00fcrg\n${NODE}`, 'latin1') }, says: ['nodes/x.yaml NotUtf8'] },
  { because: 'git-crypt', files: { 'nodes/x.yaml': Buffer.from('\0GITCRYPT\0abc') }, says: ['nodes/x.yaml EncryptedFile'] },
  { because: 'a large file', files: { 'nodes/x.yaml': '#'.repeat(MIB + 1) }, says: ['nodes/x.yaml FileTooLarge'] },
  { because: 'a file of exactly the limit', files: { 'nodes/x.yaml': '#'.repeat(MIB) }, says: [] },
  { because: 'a link to a file', files: { 'nodes/x.yaml': { symlink: 'good.yaml' } }, says: ['nodes/x.yaml NotAFile'] },
  { because: 'a link that leads nowhere', files: { 'nodes/x.yaml': { symlink: '../../etc/x' } }, says: ['nodes/x.yaml NotAFile'] },
  { because: 'a link to a folder', files: { 'nodes/sub': { symlink: '../other' }, 'other/x.yaml': NODE }, says: ['nodes/sub FileNotRead'] },
  { because: 'a folder that is a link', files: { jobs: { symlink: 'other' }, 'other/x.yaml': NODE }, says: ['jobs FileNotRead'] },
  {
    because: 'a submodule that is not checked out',
    files: { '.gitmodules': '[submodule "s"]\n\tpath = nodes/sub\n\turl = ../s\n', 'nodes/sub': { submodule: OTHER_COMMIT } },
    says: ['nodes/sub FileNotRead'],
  },
  {
    because: 'a submodule with its files',
    files: { '.gitmodules': '[submodule "s"]\n\tpath = nodes/sub\n\turl = ../s\n', 'nodes/sub': { submodule: OTHER_COMMIT } },
    onDisk: { 'nodes/sub/.git': 'gitdir: ../../.git/modules/s\n', 'nodes/sub/x.yaml': NODE },
    says: ['nodes/sub FileNotRead'],
  },
  {
    because: 'a repository inside, which Git stores as a submodule without its address',
    files: { 'nodes/sub': { submodule: OTHER_COMMIT } },
    onDisk: { 'nodes/sub/.git/HEAD': 'ref: refs/heads/main\n', 'nodes/sub/x.yaml': NODE },
    says: ['nodes/sub FileNotRead'],
  },
  { because: 'a folder of nearly the name', files: { 'node/x.yaml': NODE, 'a/nodes/x.yaml': NODE, 'y.yaml': NODE, 'docs/x.yaml': NODE }, says: ['a/nodes/x.yaml FileNotRead', 'node/x.yaml FileNotRead', 'y.yaml FileNotRead'] },
  { because: 'a folder in capitals', files: { 'Nodes/x.yaml': NODE }, says: ['Nodes/x.yaml FileNotRead'] },
  { because: 'the Fleet in capitals', files: { 'Fleet.yaml': 'a: b\n' }, says: ['Fleet.yaml FileNotRead'] },
  { because: 'another ending', files: { 'nodes/x.yml': NODE, 'nodes/y.json': '{}' }, says: ['node x', 'nodes/y.json FileNotRead'] },
  { because: 'names that differ by case', files: { 'nodes/a/x.yaml': NODE, 'nodes/A/y.yaml': nodeFile('y') }, says: ['node x', 'node y'] },
  { because: 'a name in two normal forms', files: { 'nodes/\u00e9.yaml': NODE, 'nodes/e\u0301.yaml': nodeFile('y') }, says: ['node x', 'node y'] },
  { because: 'a direction mark in a name', files: { 'nodes/a\u202eb.yaml': NODE }, says: ['nodes/a\\u202eb.yaml BadFileName'] },
  { because: 'a line break in a name', files: { 'nodes/a\nb.yaml': NODE }, says: ['nodes/a\\x0ab.yaml BadFileName'] },
  { because: 'a backslash in a name', files: { 'nodes/a\\b.yaml': NODE }, says: ['nodes/a\\b.yaml BadFileName'] },
  { because: 'a folder with a control character', files: { 'nodes/a\u0007/x.yaml': NODE }, says: ['nodes/a\\x07 FileNotRead'] },
  { because: 'a short name of Git', files: { 'nodes/git~1/x.yaml': NODE }, says: ['nodes/git~1 FileNotRead'] },
  { because: 'a space at both ends of a name', files: { 'nodes/ x .yaml': NODE }, says: ['node x'] },
  { because: '32 folders', files: { [`nodes/${'d/'.repeat(31)}x.yaml`]: NODE }, says: ['node x'] },
  { because: '33 folders', files: { [`nodes/${'d/'.repeat(32)}x.yaml`]: NODE }, says: [`nodes${'/d'.repeat(32)} FileNotRead`] },
  { because: 'a folder of this name', files: { 'nodes/x.yaml/y.yaml': NODE }, says: ['node x'] },
  { because: 'a file that a commit does not have yet', files: {}, onDisk: { 'nodes/x.yaml': NODE }, says: [], saysOfDisk: ['node x'] },
];

it.each(rows)('$because', async ({ files, onDisk = {}, says, saysOfDisk = says }) => {
  const world = await makeWorld();
  const commit = commitFiles(world.repo, { 'nodes/good.yaml': nodeFile('good'), ...files });
  const [disk, clone, remote] = await Promise.all([
    readDisk(world, onDisk),
    readClone(world, commit),
    readRemote(world, commit),
  ]);
  expect({ disk, clone, remote }).toEqual({ disk: saysOfDisk, clone: says, remote: says });
});

it('a name that is not valid UTF-8', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'nodes'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/nodes/a`), Buffer.from([0xff]), Buffer.from('.yaml')]), NODE);
  expect(summary(await readDirectory(folder))).toEqual(['nodes/a\\xff.yaml BadFileName']);
});

/** As `validate` does: a linked work tree, which has only a file `.git`. */
async function readDisk({ repo }: World, onDisk: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = join(temporaryFolder(), 'tree');
  git(repo, ['-c', 'core.protectNTFS=false', 'worktree', 'add', '-q', '--detach', folder, 'main']);
  for (const [path, text] of Object.entries(onDisk)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return summary(await readDirectory(folder));
}

/** As `plan --from --to` does: a clone that borrows the objects of another. */
async function readClone({ repo }: World, commit: string): Promise<readonly string[]> {
  const clone = join(temporaryFolder(), 'clone');
  git(repo, ['clone', '-q', '--shared', '--no-checkout', repo, clone]);
  const source = await openLocalRepository(clone);
  const files = await readFiles({ source, commit, texts: new Map(), signal: never });
  await source.close();
  return summary(files);
}

async function readRemote(world: World, commit: string): Promise<readonly string[]> {
  const source = openSource(world);
  await source.fetch('main', never);
  return summary(await readFiles({ source, commit, texts: new Map(), signal: never }));
}

function summary(files: readonly SourceFile[]): readonly string[] {
  const { nodes, problems } = readDesired(files, { defaultNamespace: 'novacula-system' });
  const names = [...nodes.values()]
    .map(({ node }) => `node ${node.metadata.name}`)
    .filter((one) => one !== 'node good');
  const found = problems.filter(({ file }) => file !== 'fleet.yaml').map(({ file, code }) => `${file} ${code}`);
  return [...names.sort(), ...found.sort()];
}
